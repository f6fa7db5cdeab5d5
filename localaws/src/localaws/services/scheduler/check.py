"""What CreateSchedule and UpdateSchedule refuse."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from localaws.core.context import Context
from localaws.core.errors import AwsError
from localaws.services.scheduler.expressions import ExpressionError, Schedule, parse_schedule
from localaws.services.scheduler.targets import TARGET_TYPES, call_for
from localaws.services.trust import role_trusts

_PRINCIPAL: Final = "scheduler.amazonaws.com"
_DEFAULT_RETRIES: Final = {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}
_SETTINGS: Final = (
    "ActionAfterCompletion", "Description", "EndDate", "FlexibleTimeWindow", "KmsKeyArn",
    "ScheduleExpression", "ScheduleExpressionTimezone", "StartDate", "State", "Target",
)  # fmt: skip


def validation(message: str) -> AwsError:
    """ValidationException."""
    return AwsError("ValidationException", message)


def checked(context: Context, params: Mapping[str, Any]) -> tuple[dict[str, Any], Schedule]:
    """The settings of a request with AWS's defaults, and its parsed expression.

    Raises:
        AwsError: ValidationException.
    """
    settings: dict[str, Any] = {
        "ActionAfterCompletion": "NONE",
        "ScheduleExpressionTimezone": "UTC",
        "State": "ENABLED",
        **{name: params[name] for name in _SETTINGS if name in params},
    }
    try:
        timing = parse_schedule(
            settings["ScheduleExpression"], settings["ScheduleExpressionTimezone"]
        )
    except ExpressionError as error:
        raise validation(f"Invalid Schedule Expression: {error}.") from error
    window = settings["FlexibleTimeWindow"]
    if (window["Mode"] == "FLEXIBLE") != ("MaximumWindowInMinutes" in window):
        raise validation(
            "FlexibleTimeWindow must have MaximumWindowInMinutes in the mode FLEXIBLE, and only in that mode."
        )
    start, end = settings.get("StartDate"), settings.get("EndDate")
    if start is not None and end is not None and start >= end:
        raise validation("The StartDate must be before the EndDate.")
    target = dict(settings["Target"])
    _check_target(context, target)
    target["RetryPolicy"] = {**_DEFAULT_RETRIES, **(target.get("RetryPolicy") or {})}
    return {**settings, "Target": target}, timing


def _check_target(context: Context, target: Mapping[str, Any]) -> None:
    arn = target["Arn"]
    if call_for(arn) is None:
        raise validation(f"localaws does not call the target {arn}. It calls {TARGET_TYPES}.")
    if arn.split(":")[2:3] == ["events"] and "EventBridgeParameters" not in target:
        raise validation("EventBridgeParameters is required for an event bus as the target.")
    if arn.endswith(".fifo") and not (target.get("SqsParameters") or {}).get("MessageGroupId"):
        raise validation("SqsParameters.MessageGroupId is required for a FIFO queue as the target.")
    if arn.split(":")[2:3] == ["states"] and "Input" in target:
        try:
            json.loads(target["Input"])
        except ValueError as error:
            raise validation(f"Input of a state machine must be JSON: {error}.") from error
    _check_role(context, target["RoleArn"])


def _check_role(context: Context, role_arn: str) -> None:
    if not role_trusts(context, role_arn, _PRINCIPAL):
        raise validation(
            "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
        )
