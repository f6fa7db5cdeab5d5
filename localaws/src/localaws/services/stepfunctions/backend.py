"""The backend of Step Functions: moto keeps state machines, its interpreter runs them."""

from __future__ import annotations

import copy
import json
import uuid
from typing import Any, ClassVar

from moto.core.exceptions import AWSError
from moto.stepfunctions import urls as moto_urls
from moto.stepfunctions.exceptions import ExecutionDoesNotExist, InvalidExecutionInput
from moto.stepfunctions.models import StateMachine, StepFunctionBackend
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackConsumerTimeout,
    CallbackNotifyConsumerError,
    CallbackOutcomeFailure,
    CallbackOutcomeSuccess,
)
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from localaws.services.backend import LocalBackend
from localaws.services.stepfunctions.definition import Diagnostic, diagnose
from localaws.services.stepfunctions.execution import LocalExecution
from localaws.services.stepfunctions.history_log import history_log

# Quota of Step Functions: the bytes of an execution's input in UTF-8.
MAX_INPUT_BYTES = 262_144
_UPDATABLE = (
    "role_arn",
    "logging_configuration",
    "tracing_configuration",
    "encryption_configuration",
)


class LocalStepFunctionsBackend(LocalBackend, StepFunctionsParserBackend):  # type: ignore[misc]
    """moto's interpreting backend, with AWS's rules for names, inputs and the end of executions."""

    service_name: ClassVar[str] = "stepfunctions"

    @property
    def _url_module(self) -> Any:
        return moto_urls

    def close(self) -> None:
        """Stop every execution."""
        for execution in self._get_executions():
            execution.stop(self.context.clock.now(), None, None)

    def create_state_machine(self, **settings: Any) -> StateMachine:
        """As moto, but an invalid definition and a name that is taken are refused with AWS's errors."""
        self._validate_name(settings["name"])
        refuse_invalid(settings["definition"])
        existing = self._revision_by_name(settings["name"])
        if existing is not None and not _same(existing, settings):
            raise AWSError(
                f"State Machine Already Exists: '{existing.arn}'", "StateMachineAlreadyExists"
            )
        # Not super(): the error of the interpreting backend for a bad definition has no code.
        return StepFunctionBackend.create_state_machine(self, **settings)

    def update_state_machine(
        self, arn: str, definition: str | None = None, **settings: Any
    ) -> StateMachine:
        """As moto, but an invalid definition and an empty update are refused with AWS's errors."""
        if definition is None and not any(settings.get(name) for name in _UPDATABLE):
            raise AWSError(
                "Either the definition, the role ARN, the LoggingConfiguration, the "
                "EncryptionConfiguration or the TracingConfiguration must be specified",
                "MissingRequiredParameter",
            )
        if definition is not None:
            refuse_invalid(definition)
        return super().update_state_machine(arn, definition=definition, **settings)

    def start_execution(
        self,
        state_machine_arn: str,
        name: str | None = None,
        execution_input: str | None = None,
        trace_header: str | None = None,
    ) -> LocalExecution:
        """Start an execution, or return the running one of the same name and input."""
        state_machine = self.describe_state_machine(state_machine_arn)
        name = name or str(uuid.uuid4())
        self._validate_name(name)
        text = execution_input or "{}"
        _check_input(text)
        running: LocalExecution | None = state_machine._handle_name_input_idempotency(name, text)
        if running is not None:
            return running
        arn = self.context.arn("states", f"execution:{state_machine.name}:{name}")
        # The execution keeps the definition and role that it was started with. The copy needs no executions.
        snapshot = copy.copy(state_machine)
        snapshot.executions = []
        execution = LocalExecution(
            self.context,
            history_log(self.context, state_machine, arn, name),
            name=name,
            sm_type=snapshot.sm_type,
            role_arn=snapshot.roleArn,
            exec_arn=arn,
            account_id=self.account_id,
            region_name=self.region_name,
            state_machine=snapshot,
            start_date=self.context.clock.now(),
            input_data=text,
            trace_header=trace_header,
            activity_store={},
        )
        state_machine.executions.append(execution)
        execution.start()
        return execution

    def stop_execution(
        self, execution_arn: str, error: str | None = None, cause: str | None = None
    ) -> LocalExecution:
        """Abort an execution. One that has ended does not change."""
        execution: LocalExecution = self.describe_execution(execution_arn)
        execution.stop(self.context.clock.now(), error, cause)
        return execution

    def send_task_success(self, task_token: str, outcome: str) -> None:
        """Complete the task that waits for a token."""
        try:
            json.loads(outcome)
        except ValueError as error:
            raise AWSError(f"Invalid Output: {error}", "InvalidOutput") from error
        self._notify(task_token, CallbackOutcomeSuccess(callback_id=task_token, output=outcome))

    def send_task_failure(
        self, task_token: str, error: str | None = None, cause: str | None = None
    ) -> None:
        """Fail the task that waits for a token."""
        outcome = CallbackOutcomeFailure(callback_id=task_token, error=error, cause=cause)
        self._notify(task_token, outcome)

    def send_task_heartbeat(self, task_token: str) -> None:
        """Reset the heartbeat timeout of the task that waits for a token."""
        self._notify(task_token, None)

    def get_execution_history(self, execution_arn: str) -> dict[str, Any]:
        """As moto; empty until the interpreter has parsed the definition."""
        execution: LocalExecution = self.describe_execution(execution_arn)
        if execution.exec_worker.env is None:
            return {"events": []}
        history: dict[str, Any] = execution.to_history_output()
        return history

    def execution_of(self, execution_arn: str) -> LocalExecution:
        """An execution by its ARN.

        Raises:
            ExecutionDoesNotExist: there is none.
        """
        found = next((e for e in self._get_executions() if e.exec_arn == execution_arn), None)
        if found is None:
            raise ExecutionDoesNotExist(f"Execution Does Not Exist: '{execution_arn}'")
        return found

    def _notify(self, task_token: str, outcome: Any) -> None:
        # moto does the same, but its errors lack a message, which ends as an internal error.
        for execution in self._get_executions():
            env = execution.exec_worker.env
            if env is None or execution.ended.is_set():
                continue
            pool = env.callback_pool_manager
            try:
                known = (
                    pool.heartbeat(callback_id=task_token)
                    if outcome is None
                    else pool.notify(callback_id=task_token, outcome=outcome)
                )
            except CallbackNotifyConsumerError as error:
                if isinstance(error.callback_consumer_error, CallbackConsumerTimeout):
                    raise AWSError(f"Task Timed Out: '{task_token}'", "TaskTimedOut") from error
                raise AWSError(
                    f"Task does not exist: '{task_token}'", "TaskDoesNotExist"
                ) from error
            if known:
                return
        raise AWSError(f"Invalid Token: '{task_token}'", "InvalidToken")


def refuse_invalid(definition: str) -> None:
    """Raise InvalidDefinition for a definition that AWS would refuse."""
    errors = [d for d in diagnose(definition) if d.severity == "ERROR"]
    if errors:
        text = ", ".join(_sentence(error) for error in errors)
        raise AWSError(f"Invalid State Machine Definition: '{text}'", "InvalidDefinition")


def _sentence(error: Diagnostic) -> str:
    place = f" at {error.location}" if error.location else ""
    return f"{error.code}: {error.message}{place}"


def _check_input(text: str) -> None:
    try:
        json.loads(text)
    except ValueError as error:
        raise InvalidExecutionInput(f"Invalid State Machine Execution Input: '{error}'") from error
    size = len(text.encode())
    if size > MAX_INPUT_BYTES:
        raise InvalidExecutionInput(
            f"Invalid State Machine Execution Input: {size} bytes; the limit is {MAX_INPUT_BYTES}"
        )


def _same(existing: Any, settings: dict[str, Any]) -> bool:
    # CreateStateMachine is idempotent: AWS compares definition, type, role, logging and tracing.
    return (
        existing.definition == settings["definition"]
        and existing.roleArn == settings["roleArn"]
        and existing.type == (settings.get("sm_type") or "STANDARD")
        and existing.loggingConfiguration
        == (settings.get("loggingConfiguration") or {"level": "OFF"})
    )
