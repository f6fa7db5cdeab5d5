"""State machines and their executions."""

from __future__ import annotations

import copy
import json
import uuid
from datetime import UTC, datetime
from typing import Any

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

from localaws.core.context import Context, ContextFactory
from localaws.services.stepfunctions.definition import Diagnostic, diagnose
from localaws.services.stepfunctions.execution import LocalExecution
from localaws.services.stepfunctions.history_log import history_log

# Step Functions quota: UTF-8 bytes of an execution's input.
MAX_INPUT_BYTES = 262_144
_UPDATABLE = (
    "role_arn",
    "logging_configuration",
    "tracing_configuration",
    "encryption_configuration",
)


class LocalStepFunctionsBackend(StepFunctionsParserBackend):  # type: ignore[misc]  # moto has no types
    """moto's interpreting backend, with AWS's rules for names, inputs and ends of executions."""

    def __init__(
        self, region_name: str, account_id: str, context_factory: ContextFactory | None = None
    ) -> None:
        super().__init__(region_name, account_id)
        assert context_factory is not None
        self._context_factory = context_factory
        self._made_context: Context | None = None

    @property
    def _url_module(self) -> Any:
        return moto_urls

    @property
    def _context(self) -> Context:
        # Not in the constructor: moto makes a backend only to read its URLs.
        if self._made_context is None:
            self._made_context = self._context_factory(
                self.account_id, self.region_name, "stepfunctions"
            )
        return self._made_context

    def reset(self) -> None:
        """Stop every execution, then forget everything."""
        for execution in self._get_executions():
            execution.stop(datetime.now(UTC), None, None)
        factory = self._context_factory
        self.__dict__ = {}
        self.__init__(self.region_name, self.account_id, factory)  # type: ignore[misc]

    def create_state_machine(self, **settings: Any) -> StateMachine:
        """As moto, but a definition is refused in AWS's words, and so is a name that is taken."""
        self._validate_name(settings["name"])
        refuse_invalid(settings["definition"])
        existing = self._revision_by_name(settings["name"])
        if existing is not None and not _same(existing, settings):
            raise AWSError(
                f"State Machine Already Exists: '{existing.arn}'", "StateMachineAlreadyExists"
            )
        # Not super(): the parser backend's answer to a bad definition has no error code.
        return StepFunctionBackend.create_state_machine(self, **settings)

    def update_state_machine(
        self, arn: str, definition: str | None = None, **settings: Any
    ) -> StateMachine:
        """As moto, but a definition is refused in AWS's words, and an empty update with its code."""
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
        """Start, or return the running execution of the same name and input."""
        state_machine = self.describe_state_machine(state_machine_arn)
        name = name or str(uuid.uuid4())
        self._validate_name(name)
        text = execution_input or "{}"
        _check_input(text)
        running: LocalExecution | None = state_machine._handle_name_input_idempotency(name, text)
        if running is not None:
            return running
        arn = self._context.arn("states", f"execution:{state_machine.name}:{name}")
        # The execution keeps the definition and role of its start; other executions stay out of the copy.
        snapshot = copy.copy(state_machine)
        snapshot.executions = []
        execution = LocalExecution(
            self._context,
            history_log(self._context, state_machine, arn, name),
            name=name,
            sm_type=snapshot.sm_type,
            role_arn=snapshot.roleArn,
            exec_arn=arn,
            account_id=self.account_id,
            region_name=self.region_name,
            state_machine=snapshot,
            start_date=self._context.clock.now(),
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
        """Abort an execution; one that has ended stays as it is."""
        execution: LocalExecution = self.describe_execution(execution_arn)
        execution.stop(self._context.clock.now(), error, cause)
        return execution

    def send_task_success(self, task_token: str, outcome: str) -> None:
        """Answer a task that waits for its token."""
        try:
            json.loads(outcome)
        except ValueError as error:
            raise AWSError(f"Invalid Output: {error}", "InvalidOutput") from error
        self._notify(task_token, CallbackOutcomeSuccess(callback_id=task_token, output=outcome))

    def send_task_failure(
        self, task_token: str, error: str | None = None, cause: str | None = None
    ) -> None:
        """Fail a task that waits for its token."""
        outcome = CallbackOutcomeFailure(callback_id=task_token, error=error, cause=cause)
        self._notify(task_token, outcome)

    def send_task_heartbeat(self, task_token: str) -> None:
        """Say that a task that waits for its token is alive."""
        self._notify(task_token, None)

    def get_execution_history(self, execution_arn: str) -> dict[str, Any]:
        """As moto; empty for the moment before the program exists."""
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
        # moto does the same, but makes its errors without their message, which ends as a fault.
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
    """Raise AWS's InvalidDefinition when AWS would refuse a definition."""
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
    # CreateStateMachine is idempotent in name, definition, type, role, logging and tracing.
    return (
        existing.definition == settings["definition"]
        and existing.roleArn == settings["roleArn"]
        and existing.type == (settings.get("sm_type") or "STANDARD")
        and existing.loggingConfiguration
        == (settings.get("loggingConfiguration") or {"level": "OFF"})
    )
