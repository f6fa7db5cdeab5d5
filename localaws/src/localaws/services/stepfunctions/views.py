"""Answers about executions, in the shape of the API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

_REDRIVABLE = frozenset({"FAILED", "ABORTED", "TIMED_OUT"})


def execution_summary(execution: Any) -> dict[str, Any]:
    """An item of ListExecutions."""
    return {
        "executionArn": execution.execution_arn,
        "stateMachineArn": execution.state_machine_arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": aware(execution.start_date),
        "stopDate": aware(execution.stop_date) if execution.stop_date else None,
    }


def execution(execution: Any) -> dict[str, Any]:
    """The answer of DescribeExecution."""
    answer = execution_summary(execution) | {
        "input": execution.execution_input,
        "inputDetails": {"included": True},
        "error": execution.error,
        "cause": execution.cause,
        "redriveCount": 0,
        "redriveStatus": "REDRIVABLE" if execution.status in _REDRIVABLE else "NOT_REDRIVABLE",
    }
    output = execution.output_text()
    if output is not None:
        answer |= {"output": output, "outputDetails": {"included": True}}
    return answer


def version(found: Any) -> dict[str, Any]:
    """An item of ListStateMachineVersions."""
    return {"stateMachineVersionArn": found.arn, "creationDate": aware(found.creation_date)}


def history_event(event: dict[str, Any]) -> dict[str, Any]:
    """An item of GetExecutionHistory."""
    # moto has the time as text and the type as an enum of its own.
    text = str(event["timestamp"]).replace("Z", "+00:00")
    answer = {name: value for name, value in event.items() if value is not None}
    return answer | {
        "timestamp": aware(datetime.fromisoformat(text)),
        "type": getattr(event["type"], "value", event["type"]),
    }


def aware(date: datetime) -> datetime:
    """A date with its time zone; moto leaves UTC out."""
    return date if date.tzinfo else date.replace(tzinfo=UTC)
