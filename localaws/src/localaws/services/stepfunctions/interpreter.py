"""The places where moto's interpreter is changed. Each is a defect, or a seam that moto does not have.

============================================  =============================================================
change                                        why
============================================  =============================================================
``boto_client_for`` in the task modules       made-up keys, no role, no reuse; goes to localhost:MOTO_PORT
``extract_json`` in all modules               ``$.list[0].name`` is a list of one; parses the path each time
``state_task_service_for`` in the factory     ``sagemaker`` has no ``.sync``; ``aws-sdk`` misspells errors
``StateTaskService._normalise_...``           empty: an API in camelCase (Step Functions' own) gets no call
``ErrorEqualsDecl._eval_body``                States.ALL catches States.Runtime; on AWS nothing does
``StateChoice._eval_state``                   without a match it fails with a Python error, not AWS's
``WaitFunction._wait_interval``               follows the wall clock, not localaws' clock
``time`` in the retrier's module              so does the pause before a retry
============================================  =============================================================
"""

from __future__ import annotations

import sys
import time
from types import SimpleNamespace
from typing import Any

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
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.choice.state_choice import StateChoice
from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_factory
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service,
    state_task_service_factory,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import (
    WaitFunction,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

from localaws.core.clock import Clock
from localaws.services.stepfunctions import semantics
from localaws.services.stepfunctions.tasks.aws_sdk import AwsSdkTask
from localaws.services.stepfunctions.tasks.clients import TaskClients
from localaws.services.stepfunctions.tasks.parameters import operation_model
from localaws.services.stepfunctions.tasks.sagemaker import SageMakerTask
from localaws.services.stepfunctions.tasks.shapes import from_api, to_api

_PARSER = "moto.stepfunctions.parser."
_LONGEST_NAP_SECONDS = 0.5
_choose = StateChoice._eval_state


def install(clients: TaskClients, clock: Clock) -> None:
    """Make the changes. Again makes them anew."""
    replaced = {"boto_client_for": clients.client_for, "extract_json": semantics.extract_json}
    for module in [m for name, m in sys.modules.items() if name.startswith(_PARSER)]:
        for name, replacement in replaced.items():
            if name in vars(module):
                vars(module)[name] = replacement
    state_task_factory.state_task_service_for = _task_for
    state_task_service.StateTaskService._normalise_parameters = _normalise_parameters
    state_task_service.StateTaskService._normalise_response = _normalise_response
    ErrorEqualsDecl._eval_body = _match_error
    StateChoice._eval_state = _eval_choice
    WaitFunction._wait_interval = _waiter(clock)
    retrier_decl.time = SimpleNamespace(sleep=clock.sleep)


def _task_for(service_name: str) -> Any:
    if service_name == "sagemaker":
        return SageMakerTask()
    if service_name == "aws-sdk":
        return AwsSdkTask()
    return state_task_service_factory.state_task_service_for(service_name=service_name)


def _normalise_parameters(
    self: Any,
    parameters: dict[str, Any],
    boto_service_name: str | None = None,
    service_action_name: str | None = None,
) -> None:
    operation = _operation(self, boto_service_name, service_action_name)
    if operation is not None:
        converted = to_api(operation.input_shape, parameters)
        parameters.clear()
        parameters.update(converted)


def _normalise_response(
    self: Any,
    response: Any,
    boto_service_name: str | None = None,
    service_action_name: str | None = None,
) -> None:
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


def _match_error(self: ErrorEqualsDecl, env: Any) -> None:
    error = env.stack.pop()
    names = [name.error_name for name in self.error_names]
    env.stack.append(semantics.catches(names, error.error_name if error else ""))


def _eval_choice(self: StateChoice, env: Any) -> None:
    try:
        _choose(self, env)
    except RuntimeError as error:
        if self.default_state is not None:
            raise
        kind = StatesErrorNameType.StatesNoChoiceMatched
        event_id = env.event_history_context.source_event_id
        cause = (
            f"An error occurred while executing the state '{self.name}' (entered at the event id "
            f"#{event_id}). Failed to transition out of the state. The state does not point to a "
            "next state."
        )
        raise FailureEventException(
            FailureEvent(
                env=env,
                error_name=StatesErrorName(typ=kind),
                event_type=HistoryEventType.ExecutionFailed,
                event_details=EventDetails(
                    executionFailedEventDetails=ExecutionFailedEventDetails(
                        error=kind.to_name(), cause=cause
                    )
                ),
            )
        ) from error


def _waiter(clock: Clock) -> Any:
    def wait_interval(_self: WaitFunction, env: Any, wait_seconds: float) -> None:
        deadline = time.monotonic() + clock.real_seconds(wait_seconds)
        while env.is_running() and (left := deadline - time.monotonic()) > 0:
            # The event is set and cleared at once when the state changes, so it can be missed.
            env.program_state_event.wait(min(left, _LONGEST_NAP_SECONDS))

    return wait_interval
