"""What replaces parts of moto's interpreter. ``localaws.patches`` has the table, with the reasons.

Each function here takes the place of one of moto's, or returns what does.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from botocore.config import Config
from moto.stepfunctions.parser.api import ExecutionFailedEventDetails, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import (
    ErrorEqualsDecl,
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
from moto.stepfunctions.parser.asl.component.state.choice.state_choice import StateChoice
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import (
    WaitFunction,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

from localaws.core.clock import Clock
from localaws.core.context import ACCOUNT_ID, ContextFactory
from localaws.services.stepfunctions import semantics
from localaws.services.stepfunctions.tasks.aws_sdk import AwsSdkTask
from localaws.services.stepfunctions.tasks.parameters import operation_model
from localaws.services.stepfunctions.tasks.sagemaker import SageMakerTask
from localaws.services.stepfunctions.tasks.shapes import from_api, to_api

_TASK_CLIENT = Config(
    # The service validates, so that an invalid parameter is an error of the service.
    parameter_validation=False,
    retries={"total_max_attempts": 1},
    # A task waits for its answer as long as its TimeoutSeconds allow. Lambda's longest timeout is 900 s.
    read_timeout=3_600,
)
_LONGEST_WAIT_SECONDS = 0.5


def task_client(context_factory: ContextFactory) -> Callable[..., Any]:
    """Replaces ``boto_client_for``: a client of this server with the credentials of the task's role."""

    def boto_client_for(region: str, service: str, state_credentials: Any = None) -> Any:
        role_arn = getattr(state_credentials, "role_arn", None)
        account_id = role_arn.split(":")[4] if role_arn else ACCOUNT_ID
        context = context_factory(account_id, region, "stepfunctions")
        acting = context.acting(getattr(role_arn, "state_machine_arn", ""))
        return context.client(service, role_arn, _TASK_CLIENT, acting)

    return boto_client_for


def task_for_service(original: Callable[[str], Any]) -> Callable[[str], Any]:
    """Replaces ``state_task_service_for``: the implementation of an integration."""

    def state_task_service_for(service_name: str) -> Any:
        if service_name == "sagemaker":
            return SageMakerTask()
        if service_name == "aws-sdk":
            return AwsSdkTask()
        return original(service_name)

    return state_task_service_for


def task_parameters(original: Callable[[Any, Any], dict[str, Any]]) -> Callable[[Any, Any], Any]:
    """Replaces ``StateTask._eval_parameters``: without Parameters, the input of the state is passed."""

    def eval_parameters(self: Any, env: Any) -> Any:
        parameters = original(self, env)
        if self.parargs is None and isinstance(env.stack[-1], dict):
            return copy.deepcopy(env.stack[-1])
        return parameters

    return eval_parameters


def normalise_parameters(
    self: Any,
    parameters: dict[str, Any],
    boto_service_name: str | None = None,
    service_action_name: str | None = None,
) -> None:
    """Replaces ``StateTaskService._normalise_parameters``: from Step Functions' names to the API's."""
    operation = _operation(self, boto_service_name, service_action_name)
    if operation is not None:
        converted = to_api(operation.input_shape, parameters)
        parameters.clear()
        parameters.update(converted)


def normalise_response(
    self: Any,
    response: Any,
    boto_service_name: str | None = None,
    service_action_name: str | None = None,
) -> None:
    """Replaces ``StateTaskService._normalise_response``: from the API's names to Step Functions'."""
    operation = _operation(self, boto_service_name, service_action_name)
    if operation is not None and isinstance(response, dict):
        converted = from_api(operation.output_shape, response)
        response.clear()
        response.update(converted)


def _operation(task: Any, boto_service_name: str | None, service_action_name: str | None) -> Any:
    return operation_model(
        task._get_boto_service_name(boto_service_name),
        task._get_boto_service_action(service_action_name),
    )


def match_error(self: ErrorEqualsDecl, env: Any) -> None:
    """Replaces ``ErrorEqualsDecl._eval_body``: whether a Retry or Catch applies to an error."""
    error = env.stack.pop()
    names = [name.error_name for name in self.error_names]
    env.stack.append(semantics.catches(names, error.error_name if error else ""))


def evaluate_choice(original: Callable[[StateChoice, Any], None]) -> Callable[..., None]:
    """Replaces ``StateChoice._eval_state``: an error of AWS's name when no rule matches."""

    def _eval_state(self: StateChoice, env: Any) -> None:
        try:
            original(self, env)
        except RuntimeError as error:
            if self.default_state is not None:
                raise
            raise FailureEventException(_no_choice_matched(self, env)) from error

    return _eval_state


def wait_interval(context_factory: ContextFactory) -> Callable[..., None]:
    """Replaces ``WaitFunction._wait_interval``: a wait by the clock of localaws."""
    clock = _clock(context_factory)

    def _wait_interval(_self: WaitFunction, env: Any, wait_seconds: float) -> None:
        deadline = time.monotonic() + clock.real_seconds(wait_seconds)
        while env.is_running() and (left := deadline - time.monotonic()) > 0:
            # moto sets the event and clears it at once when the state changes, so it can be missed.
            env.program_state_event.wait(min(left, _LONGEST_WAIT_SECONDS))

    return _wait_interval


def retry_time(context_factory: ContextFactory) -> SimpleNamespace:
    """Replaces the module ``time`` where moto sleeps before a retry."""
    return SimpleNamespace(sleep=_clock(context_factory).sleep)


def _clock(context_factory: ContextFactory) -> Clock:
    # All regions share one clock.
    return context_factory(ACCOUNT_ID, "us-east-1", "stepfunctions").clock


def _no_choice_matched(state: StateChoice, env: Any) -> FailureEvent:
    kind = StatesErrorNameType.StatesNoChoiceMatched
    cause = (
        f"An error occurred while executing the state '{state.name}' (entered at the event id "
        f"#{env.event_history_context.source_event_id}). Failed to transition out of the state. The "
        "state does not point to a next state."
    )
    return FailureEvent(
        env=env,
        error_name=StatesErrorName(typ=kind),
        event_type=HistoryEventType.ExecutionFailed,
        event_details=EventDetails(
            executionFailedEventDetails=ExecutionFailedEventDetails(
                error=kind.to_name(), cause=cause
            )
        ),
    )
