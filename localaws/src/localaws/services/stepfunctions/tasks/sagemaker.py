"""The optimized integration of SageMaker: ``arn:aws:states:::sagemaker:createTrainingJob.sync``.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
"""

from __future__ import annotations

import copy
import json
import logging
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_callback,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import (
    ResourceCondition,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.utils import boto_client

from localaws.services.stepfunctions.tasks.parameters import (
    field_not_supported,
    operation_model,
    unsupported_fields,
)
from localaws.services.stepfunctions.tasks.values import epoch_milliseconds

_log = logging.getLogger(__name__)
# AWS waits for events and polls in addition; here a poll takes some milliseconds.
POLL_SECONDS = 0.1
_UNSUCCESSFUL = frozenset({"Failed", "Stopped"})


@dataclass(frozen=True)
class Job:
    """How the status of a kind of job is read."""

    kind: str
    name_field: str
    status_field: str

    @property
    def describe(self) -> str:
        """The method of boto3 that describes the job."""
        return f"describe_{self.kind}"

    @property
    def stop(self) -> str:
        """The method of boto3 that stops the job."""
        return f"stop_{self.kind}"


# The actions of the integration. Those with a Job also exist as ``.sync``.
ACTIONS: dict[str, Job | None] = {
    "createEndpoint": None,
    "createEndpointConfig": None,
    "createModel": None,
    "updateEndpoint": None,
    "createTrainingJob": Job("training_job", "TrainingJobName", "TrainingJobStatus"),
    "createProcessingJob": Job("processing_job", "ProcessingJobName", "ProcessingJobStatus"),
    "createTransformJob": Job("transform_job", "TransformJobName", "TransformJobStatus"),
    "createHyperParameterTuningJob": Job(
        "hyper_parameter_tuning_job",
        "HyperParameterTuningJobName",
        "HyperParameterTuningJobStatus",
    ),
    "createLabelingJob": Job("labeling_job", "LabelingJobName", "LabelingJobStatus"),
}


class UnsupportedFieldsError(Exception):
    """The parameters have a field that the API lacks: States.Runtime, which cannot be caught."""


class SageMakerTask(state_task_service_callback.StateTaskServiceCallback):  # type: ignore[misc]
    """One Task state. The interpreter calls the methods below in this order."""

    def __init__(self) -> None:
        super().__init__(supported_integration_patterns={ResourceCondition.Sync})

    def _get_supported_parameters(self) -> set[str] | None:
        # moto calls this when it reads the definition; None refuses the state machine.
        action = self.resource.api_action
        if action not in ACTIONS:
            return None
        if self.resource.condition is not None and (
            self.resource.condition != ResourceCondition.Sync or ACTIONS[action] is None
        ):
            return None
        operation = operation_model("sagemaker", action)
        assert operation is not None and operation.input_shape is not None
        return set(operation.input_shape.members)

    def _eval_parameters(self, env: Any) -> dict[str, Any]:
        # moto drops unknown fields. On AWS a misspelled field ends the execution.
        if self.parargs is not None:
            self.parargs.eval(env=env)
            parameters = env.stack.pop()
        else:
            # Without Parameters, the input of the state is passed.
            parameters = copy.deepcopy(env.stack[-1])
        operation = operation_model("sagemaker", self.resource.api_action)
        assert operation is not None
        unknown = unsupported_fields(operation, parameters)
        if unknown:
            reasons = ", ".join(field_not_supported(name) for name in unknown)
            document = json.dumps(parameters, default=str)
            raise UnsupportedFieldsError(
                f"The Parameters '{document}' could not be used to start the Task: [{reasons}]"
            )
        return parameters

    def _eval_service_task(
        self,
        env: Any,
        resource_runtime_part: Any,
        normalised_parameters: dict[str, Any],
        state_credentials: Any,
    ) -> None:
        client = self._client(resource_runtime_part, state_credentials)
        response = getattr(client, self._get_boto_service_action())(**normalised_parameters)
        response.pop("ResponseMetadata", None)
        env.stack.append(epoch_milliseconds(response))

    def _eval_integration_pattern(
        self,
        env: Any,
        resource_runtime_part: Any,
        normalised_parameters: dict[str, Any],
        state_credentials: Any,
    ) -> None:
        # moto's own .sync interrupts a callback that exists only for .waitForTaskToken.
        env.stack.pop()
        job = ACTIONS[self.resource.api_action]
        assert job is not None
        client = self._client(resource_runtime_part, state_credentials)
        name = {job.name_field: normalised_parameters[job.name_field]}
        while env.is_running():
            description = getattr(client, job.describe)(**name)
            status = description[job.status_field]
            if status == "Completed":
                env.stack.append(_result(description))
                return
            if status in _UNSUCCESSFUL:
                raise FailureEventException(self._job_failure(env, description))
            env.program_state_event.wait(POLL_SECONDS)
        # The execution was stopped, or the task exceeded its TimeoutSeconds.
        try:
            getattr(client, job.stop)(**name)
        except ClientError as error:
            _log.warning("%s %s was not stopped: %s", job.kind, name[job.name_field], error)
        env.stack.append({})

    def _job_failure(self, env: Any, description: dict[str, Any]) -> FailureEvent:
        return self._failure(
            env,
            StatesErrorName(typ=StatesErrorNameType.StatesTaskFailed),
            StatesErrorNameType.StatesTaskFailed.to_name(),
            json.dumps(_result(description), separators=(",", ":")),
        )

    def _from_error(self, env: Any, ex: Exception) -> FailureEvent:
        if isinstance(ex, ClientError):
            error = error_name(ex)
            return self._failure(env, CustomErrorName(error), error, _cause(ex))
        return super()._from_error(env=env, ex=ex)

    def _failure(self, env: Any, name: Any, error: str, cause: str) -> FailureEvent:
        return FailureEvent(
            env=env,
            error_name=name,
            event_type=HistoryEventType.TaskFailed,
            event_details=EventDetails(
                taskFailedEventDetails=TaskFailedEventDetails(
                    resource=self._get_sfn_resource(),
                    resourceType=self._get_sfn_resource_type(),
                    error=error,
                    cause=cause,
                )
            ),
        )

    @staticmethod
    def _client(resource_runtime_part: Any, state_credentials: Any) -> Any:
        # Through its module: localaws replaces the function.
        return boto_client.boto_client_for(
            region=resource_runtime_part.region,
            service="sagemaker",
            state_credentials=state_credentials,
        )


def error_name(error: ClientError) -> str:
    """``SageMaker.ResourceInUseException`` for an error in the model of the API, else the general name."""
    modelled = type(error).__name__
    if modelled == "ClientError":
        return "SageMaker.AmazonSageMakerException"
    return f"SageMaker.{modelled.removesuffix('Exception')}Exception"


def _cause(error: ClientError) -> str:
    metadata = error.response.get("ResponseMetadata", {})
    details = "; ".join(
        [
            "Service: AmazonSageMaker",
            f"Status Code: {metadata.get('HTTPStatusCode')}",
            f"Error Code: {error.response['Error']['Code']}",
            f"Request ID: {metadata.get('RequestId')}",
            "Proxy: null",
        ]
    )
    return f"{error.response['Error']['Message']} ({details})"


def _result(description: dict[str, Any]) -> dict[str, Any]:
    answer = {name: value for name, value in description.items() if name != "ResponseMetadata"}
    result: dict[str, Any] = epoch_milliseconds(answer)
    return result
