"""One execution: its status, and the events and logs about it."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Any

from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.eval.evaluation_details import (
    AWSExecutionDetails,
    ExecutionDetails,
)
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.backend.execution import (
    BaseExecutionWorkerCommunication,
    Execution,
)
from moto.stepfunctions.parser.utils import TMP_THREADS

from localaws.core.context import Context
from localaws.services.stepfunctions.history_log import HistoryLog
from localaws.services.stepfunctions.metrics import record
from localaws.services.stepfunctions.tasks.values import iso

# Quotas of Step Functions. A longer text is cut off.
MAX_CAUSE = 32_768
MAX_ERROR = 256
_START_SECONDS = 10.0


class MachineRole(str):
    """The ARN of the role of a state machine, which also names the machine.

    The interpreter passes the ARN from task to task as it is, and nothing else of the machine.
    """

    state_machine_arn: str

    def __new__(cls, role_arn: str, state_machine_arn: str) -> MachineRole:
        """The ARN with the machine that has the role."""
        made = super().__new__(cls, role_arn)
        made.state_machine_arn = state_machine_arn
        return made

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]  # str has one argument
        """The interpreter copies its history, and the ARN with it."""
        return str(self), self.state_machine_arn


class _Communication(BaseExecutionWorkerCommunication):  # type: ignore[misc]  # moto has no types
    """What the interpreter calls when the program has ended."""

    def terminated(self) -> None:
        self.execution.on_terminated(self)

    def reflect(self) -> None:
        """Copy the result of the program into the execution."""
        self._reflect_execution_status()


class LocalExecution(Execution):  # type: ignore[misc]  # moto has no types
    """An execution of a state machine.

    Adds to moto's: a stop that takes effect at once and keeps its error and cause, a stop date for TIMED_OUT,
    the status events on EventBridge, and a StartTime in the context object that can be written as JSON.
    """

    def __init__(self, context: Context, log: HistoryLog | None, **fields: Any) -> None:
        super().__init__(cloud_watch_logging_session=log, **fields)
        self._context = context
        self._log = log
        self._ending = threading.Lock()
        self.ended = threading.Event()
        # moto gives it a status when it starts; it can be listed and described before.
        self.exec_status = ExecutionStatus.RUNNING

    def start(self) -> None:
        """Run in the background."""
        # Published first: otherwise a short execution could end before its start is reported.
        self._publish(ExecutionStatus.RUNNING)
        super().start()

    def stop(self, stop_date: datetime, error: str | None, cause: str | None) -> None:
        """Abort. The status changes at once; running tasks then end and stop their jobs."""
        with self._ending:
            if self.ended.is_set():
                return
            self.exec_status = ExecutionStatus.ABORTED
            self.stop_date, self.error, self.cause = stop_date, error, cause
            self.ended.set()
        self._publish()
        threading.Thread(target=self._stop_program, args=(stop_date, error, cause)).start()

    def on_terminated(self, communication: _Communication) -> None:
        """The program has ended, by itself or because it was stopped."""
        with self._ending:
            first = not self.ended.is_set()
            if first:
                communication.reflect()
                self._fit_quotas()
                self.ended.set()
        if first:
            self._publish()
        if self._log is not None:
            self._log.close()
        # moto keeps every thread that it starts in this list.
        TMP_THREADS[:] = [thread for thread in TMP_THREADS if thread.is_alive()]

    def get_start_execution_details(self) -> ExecutionDetails:
        """``$$.Execution.StartTime`` as text; moto has a datetime there, which JSON cannot hold."""
        return ExecutionDetails(
            arn=self.exec_arn,
            name=self.name,
            role_arn=self.role_arn,
            inpt=self.input_data,
            start_time=iso(self.start_date),
        )

    def _get_start_aws_execution_details(self) -> AWSExecutionDetails:
        role_arn = MachineRole(self.role_arn, self.state_machine_arn)
        return AWSExecutionDetails(
            account=self.account_id, region=self.region_name, role_arn=role_arn
        )

    def output_text(self) -> str | None:
        """The output as DescribeExecution returns it."""
        if self.exec_status != ExecutionStatus.SUCCEEDED:
            return None
        return str(to_json_str(self.output, separators=(",", ":")))

    def _get_start_execution_worker_comm(self) -> _Communication:
        return _Communication(self)

    def _fit_quotas(self) -> None:
        self.error = self.error[:MAX_ERROR] if self.error else self.error
        self.cause = self.cause[:MAX_CAUSE] if self.cause else self.cause

    def _stop_program(self, stop_date: datetime, error: str | None, cause: str | None) -> None:
        # The program exists when its definition has been parsed, shortly after the start.
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            env = self.exec_worker.env
            if env is not None and env.program_state() is not None:
                env.set_stop(stop_date=stop_date, error=error, cause=cause)
                return
            time.sleep(0.01)

    def _publish(self, status: ExecutionStatus | None = None) -> None:
        record(
            self._context,
            self.state_machine_arn,
            status.value if status else str(self.status),
            (self.stop_date - self.start_date).total_seconds() if self.stop_date else None,
        )
        # https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
        detail = {
            "executionArn": self.exec_arn,
            "stateMachineArn": self.state_machine_arn,
            "name": self.name,
            "status": status.value if status else self.status,
            "startDate": _milliseconds(self.start_date),
            "stopDate": _milliseconds(self.stop_date) if self.stop_date else None,
            "input": self.execution_input,
            "inputDetails": {"included": True},
            "output": self.output_text(),
            "outputDetails": {"included": True} if self.output_text() is not None else None,
            "error": self.error,
            "cause": self.cause,
        }
        self._context.publish(
            "aws.states", "Step Functions Execution Status Change", detail, [self.exec_arn]
        )


def _milliseconds(date: datetime) -> int:
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1000)
