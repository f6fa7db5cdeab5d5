"""A run of the state machine `drift`, followed to its end."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

from landing_zone.core.errors import OperatorError
from landing_zone.monitoring import view
from landing_zone.monitoring.reports import Reports

RUNNING = "RUNNING"


def compare(
    states: Any,
    machine: str,
    request: dict[str, Any],
    *,
    seconds: float,
    say: Callable[[str], None] = print,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Start an execution, wait for it, return its output.

    Raises:
        OperatorError: it failed; the message is its cause.
    """
    arn = states.start_execution(
        stateMachineArn=machine, name=str(uuid.uuid4()), input=json.dumps(request)
    )["executionArn"]
    say(f"started {arn.rpartition(':')[2]}")
    seen = ""
    while True:
        execution = states.describe_execution(executionArn=arn)
        state = _state(states, arn)
        if state and state != seen:
            say(f"  {state}")
            seen = state
        if execution["status"] != RUNNING:
            break
        sleep(seconds)
    if execution["status"] != "SUCCEEDED":
        cause = execution.get("cause") or execution.get("error") or "its log has the reason"
        raise OperatorError(f"the comparison is {execution['status']}: {_message(cause)}")
    output: dict[str, Any] = json.loads(execution["output"])
    return output


def compare_and_show(
    states: Any,
    machine: str,
    request: dict[str, Any],
    reports: Reports,
    *,
    seconds: float,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Compare, and show the report and what the verdict has started."""
    output = compare(states, machine, request, seconds=seconds, say=say)
    for line in view.table(reports.of_folder(output["Report"].removesuffix("report.html"))):
        say(line)
    if "Retraining" in output:
        outcome = output["Retraining"]
        say(f"retraining: {outcome['RunId'] if outcome['Started'] else 'no'}: {outcome['Reason']}")
    return output


def _state(states: Any, arn: str) -> str:
    """The state that was entered last."""
    events = states.get_execution_history(executionArn=arn, reverseOrder=True, maxResults=20)
    names = (
        event["stateEnteredEventDetails"]["name"]
        for event in events["events"]
        if "stateEnteredEventDetails" in event
    )
    return next(names, "")


def _message(cause: str) -> str:
    """The message of a function's error, which Lambda answers as JSON."""
    try:
        document = json.loads(cause)
    except ValueError:
        return cause
    return str(document.get("errorMessage", cause)) if isinstance(document, dict) else cause
