"""The places where moto's interpreter is changed. Each is a defect or a seam that moto does not have.

==========================================  ===============================================================
change                                      why
==========================================  ===============================================================
``boto_client_for`` in the task modules     made-up keys, no role, no reuse; it goes to localhost:MOTO_PORT
``state_task_service_for`` in the factory   ``sagemaker`` has no ``.sync``; ``aws-sdk`` misspells its errors
``ErrorEqualsDecl._eval_body``              States.ALL catches States.Runtime there; on AWS nothing does
``WaitFunction._wait_interval``             follows the wall clock, not localaws' clock
``time`` in the retrier's module            so does the pause before a retry
==========================================  ===============================================================
"""

from __future__ import annotations

import sys
import time
from types import SimpleNamespace
from typing import Any

from moto.stepfunctions.parser.asl.component.common.error_name import error_equals_decl
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import (
    ErrorEqualsDecl,
)
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_factory
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_factory import (
    state_task_service_for,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import (
    WaitFunction,
)

from localaws.clock import Clock
from localaws.stepfunctions.tasks.aws_sdk import AwsSdkTask
from localaws.stepfunctions.tasks.clients import TaskClients
from localaws.stepfunctions.tasks.sagemaker import SageMakerTask

_PARSER = "moto.stepfunctions.parser."
_LONGEST_NAP_SECONDS = 0.5
# https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html: States.Runtime
# "aren't retriable, and will always cause the execution to fail"; States.ALL does not catch
# States.DataLimitExceeded; States.TaskFailed matches any error but States.Timeout.
_NEVER_CAUGHT = "States.Runtime"
_NOT_CAUGHT_BY_ALL = frozenset({"States.Runtime", "States.DataLimitExceeded"})
_NOT_CAUGHT_BY_TASK_FAILED = _NOT_CAUGHT_BY_ALL | {"States.Timeout"}


def install(clients: TaskClients, clock: Clock) -> None:
    """Make the changes, once per process."""
    for module in [m for name, m in sys.modules.items() if name.startswith(_PARSER)]:
        if hasattr(module, "boto_client_for"):
            vars(module)["boto_client_for"] = clients.client_for
    state_task_factory.state_task_service_for = _task_for
    error_equals_decl.ErrorEqualsDecl._eval_body = _match_error
    WaitFunction._wait_interval = _waiter(clock)
    retrier_decl.time = SimpleNamespace(sleep=clock.sleep)


def catches(error_equals: list[str], error: str) -> bool:
    """Whether a Retry or Catch with these names takes an error."""
    if error == _NEVER_CAUGHT:
        return False
    if error in error_equals:
        return True
    if "States.ALL" in error_equals:
        return error not in _NOT_CAUGHT_BY_ALL
    return "States.TaskFailed" in error_equals and error not in _NOT_CAUGHT_BY_TASK_FAILED


def _task_for(service_name: str) -> Any:
    if service_name == "sagemaker":
        return SageMakerTask()
    if service_name == "aws-sdk":
        return AwsSdkTask()
    return state_task_service_for(service_name=service_name)


def _match_error(self: ErrorEqualsDecl, env: Any) -> None:
    error = env.stack.pop()
    names = [name.error_name for name in self.error_names]
    env.stack.append(catches(names, error.error_name if error else ""))


def _waiter(clock: Clock) -> Any:
    def wait_interval(_self: WaitFunction, env: Any, wait_seconds: float) -> None:
        deadline = time.monotonic() + clock.real_seconds(wait_seconds)
        while env.is_running() and (left := deadline - time.monotonic()) > 0:
            # The event is set and cleared at once when the state changes, so it can be missed.
            env.program_state_event.wait(min(left, _LONGEST_NAP_SECONDS))

    return wait_interval
