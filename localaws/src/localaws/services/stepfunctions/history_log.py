"""The history of an execution in a log group, as LoggingConfiguration asks."""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.asl.eval.event.logging import (
    CloudWatchLoggingConfiguration,
    is_logging_enabled_for,
)
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from localaws.core.context import Context
from localaws.core.logs import LogWriter


class HistoryLog:
    """The interpreter calls this for every event of the history.

    moto has such a class but never uses it, and its entries do not fit moto's own log backend.
    """

    def __init__(
        self, execution_arn: str, configuration: CloudWatchLoggingConfiguration, writer: LogWriter
    ) -> None:
        self.execution_arn = execution_arn
        self.configuration = configuration
        self._writer = writer

    def log_level_filter(self, history_event_type: Any) -> bool:
        """Whether the log level (ALL, ERROR, FATAL) includes an event."""
        return bool(
            is_logging_enabled_for(
                log_level=self.configuration.log_level, history_event_type=history_event_type
            )
        )

    def publish_history_log(self, history_log: dict[str, Any]) -> None:
        """Write one event."""
        self._writer.write(to_json_str(history_log, separators=(",", ":")))

    def close(self) -> None:
        """Send the remaining events."""
        self._writer.close()


def history_log(
    context: Context, state_machine: Any, execution_arn: str, execution_name: str
) -> HistoryLog | None:
    """The log of a new execution; None when its state machine does not log."""
    configuration = CloudWatchLoggingConfiguration.from_logging_configuration(
        state_machine_arn=state_machine.arn,
        logging_configuration={"includeExecutionData": False} | state_machine.loggingConfiguration,
    )
    if configuration is None:
        return None
    # https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html: streams start with "states/".
    stream = f"states/{state_machine.name}/{context.clock.now():%Y-%m-%d-%H-%M}/{execution_name}"
    return HistoryLog(
        execution_arn, configuration, context.log_writer(configuration.log_group_name, stream)
    )
