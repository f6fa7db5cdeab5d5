"""What an alarm does when its state changes: messages, invocations, and scaling policies."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from localaws.core.acting import Acting
from localaws.core.context import Context
from localaws.services.cloudwatch.alarm import Alarm
from localaws.services.cloudwatch.evaluation import State

_log = logging.getLogger(__name__)
_MAX_SUBJECT: Final = 100
_LAMBDA_PRINCIPAL: Final = "lambda.alarms.cloudwatch.amazonaws.com"


class ScalingPolicies:
    """Who runs the scaling policies of this account and region, which alarms name as actions."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._run: Callable[[str, dict[str, Any]], None] | None = None

    def serve(self, run: Callable[[str, dict[str, Any]], None]) -> None:
        """``run`` gets the policy's ARN and the description of the alarm."""
        with self._lock:
            self._run = run

    def run(self, policy_arn: str, alarm: dict[str, Any]) -> None:
        """Run a policy.

        Raises:
            LookupError: nobody runs policies here.
        """
        with self._lock:
            run = self._run
        if run is None:
            raise LookupError(f"localaws does not run the scaling policy {policy_arn}")
        run(policy_arn, alarm)


def is_repeated(action: str) -> bool:
    """Whether an action runs at every evaluation while the state lasts, as scaling policies do."""
    return action.split(":")[2:3] == ["autoscaling"]


def run(context: Context, alarm: Alarm, action: str, change: dict[str, Any]) -> str | None:
    """Run one action.

    Args:
        context: of CloudWatch.
        alarm: the alarm.
        action: the ARN of the action.
        change: what ``changes.Change.document`` returns.

    Returns:
        Why it failed; None when it did not.
    """
    service = [*action.split(":"), "", "", ""][2]
    try:
        if service == "sns":
            context.client("sns", acting=context.acting(alarm.arn)).publish(
                TopicArn=action,
                Subject=_subject(alarm, change, context.region),
                Message=json.dumps(_message(context, alarm, change)),
            )
        elif service == "lambda":
            # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
            acting = Acting(_LAMBDA_PRINCIPAL, context.account_id, alarm.arn)
            context.client("lambda", acting=acting).invoke(
                FunctionName=action,
                InvocationType="Event",
                Payload=json.dumps(_payload(context, alarm, change)).encode(),
            )
        elif service == "autoscaling":
            context.shared(ScalingPolicies).run(action, alarm.describe())
        else:
            return f"localaws does not run actions of {service or action!r}"
    except (ClientError, BotoCoreError, LookupError) as error:
        _log.warning("alarm %s: action %s failed: %s", alarm.name, action, error)
        return str(error)
    return None


def _subject(alarm: Alarm, change: dict[str, Any], region: str) -> str:
    text = f'{change["state"]["value"]}: "{alarm.name}" in {region}'
    return "".join(c for c in text if c.isprintable())[:_MAX_SUBJECT]


def _message(context: Context, alarm: Alarm, change: dict[str, Any]) -> dict[str, Any]:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    settings = alarm.settings
    message = {
        "AlarmName": alarm.name,
        "AlarmDescription": settings.get("AlarmDescription"),
        "AWSAccountId": context.account_id,
        "AlarmConfigurationUpdatedTimestamp": _time(alarm.updated),
        "NewStateValue": change["state"]["value"],
        "NewStateReason": change["state"]["reason"],
        "StateChangeTime": change["state"]["timestamp"],
        "Region": context.region,
        "AlarmArn": alarm.arn,
        "OldStateValue": change["previousState"]["value"],
        "OKActions": alarm.actions(State.OK),
        "AlarmActions": alarm.actions(State.ALARM),
        "InsufficientDataActions": alarm.actions(State.INSUFFICIENT_DATA),
    }
    if alarm.rule is not None:
        return message | {"AlarmRule": alarm.rule.text}
    return message | {"Trigger": _trigger(alarm)}


def _trigger(alarm: Alarm) -> dict[str, Any]:
    settings = alarm.settings
    trigger: dict[str, Any] = {
        "Period": alarm.period,
        "EvaluationPeriods": settings["EvaluationPeriods"],
        "DatapointsToAlarm": settings.get("DatapointsToAlarm", settings["EvaluationPeriods"]),
        "ComparisonOperator": settings["ComparisonOperator"],
        "Threshold": settings["Threshold"],
        "TreatMissingData": settings.get("TreatMissingData", ""),
        "EvaluateLowSampleCountPercentile": settings.get("EvaluateLowSampleCountPercentile", ""),
    }
    if "MetricName" not in settings:
        return trigger | {"Metrics": settings["Metrics"]}
    extended = settings.get("ExtendedStatistic")
    return trigger | {
        "MetricName": settings["MetricName"],
        "Namespace": settings["Namespace"],
        "StatisticType": "ExtendedStatistic" if extended else "Statistic",
        "Statistic": extended or settings["Statistic"].upper(),
        "Unit": settings.get("Unit"),
        "Dimensions": [
            {"value": d["Value"], "name": d["Name"]} for d in settings.get("Dimensions") or ()
        ],
    }


def _payload(context: Context, alarm: Alarm, change: dict[str, Any]) -> dict[str, Any]:
    return {
        "source": "aws.cloudwatch",
        "alarmArn": alarm.arn,
        "accountId": context.account_id,
        "time": change["state"]["timestamp"],
        "region": context.region,
        "alarmData": change,
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
