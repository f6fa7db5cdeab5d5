"""The metrics of executions in the namespace AWS/States.

https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
"""

from __future__ import annotations

from typing import Final

from localaws.core.context import Context
from localaws.services.cloudwatch.store import MetricId, MetricStore

NAMESPACE: Final = "AWS/States"
_NAMES: Final = {
    "RUNNING": "ExecutionsStarted",
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "ABORTED": "ExecutionsAborted",
    "TIMED_OUT": "ExecutionsTimedOut",
}


def record(context: Context, state_machine_arn: str, status: str, seconds: float | None) -> None:
    """Record that an execution got a status; with its time in seconds once it has ended."""
    if status not in _NAMES:
        return
    dimensions = {"StateMachineArn": state_machine_arn}
    values = [(MetricId.of(NAMESPACE, _NAMES[status], dimensions), 1.0, "Count")]
    if seconds is not None and status != "RUNNING":
        metric = MetricId.of(NAMESPACE, "ExecutionTime", dimensions)
        values.append((metric, seconds * 1000, "Milliseconds"))
    context.shared(MetricStore).add_all(values, context.clock.now())
