"""The two alarms of a target tracking policy, and the value of an alarm's metric."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from localaws.core.context import Context
from localaws.services.applicationautoscaling.records import ScalableTarget, validation
from localaws.services.cloudwatch.queries import MetricQuery, distributions, metric_of
from localaws.services.cloudwatch.statistics import statistic
from localaws.services.cloudwatch.store import MetricStore

_PERIOD: Final = 60
_HIGH_PERIODS: Final = 3
_LOW_PERIODS: Final = 15
_LOW_SHARE: Final = 0.9
_PREDEFINED: Final = "SageMakerVariantInvocationsPerInstance"


def tracked_metric(target: ScalableTarget, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The members of PutMetricAlarm that name the metric of a target tracking policy.

    Raises:
        AwsError: ValidationException.
    """
    predefined = settings.get("PredefinedMetricSpecification")
    custom = settings.get("CustomizedMetricSpecification")
    if (predefined is None) == (custom is None):
        raise validation(
            "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be "
            "specified."
        )
    if predefined is not None:
        kind = predefined["PredefinedMetricType"]
        if kind != _PREDEFINED:
            raise validation(
                f"localaws does not emulate the predefined metric {kind}; it has {_PREDEFINED}."
            )
        return {
            "Namespace": "AWS/SageMaker",
            "MetricName": "InvocationsPerInstance",
            "Statistic": "Sum",
            "Dimensions": [
                {"Name": "EndpointName", "Value": target.endpoint},
                {"Name": "VariantName", "Value": target.variant},
            ],
        }
    if custom is None or "Metrics" in custom:
        raise validation("localaws does not emulate metric math in CustomizedMetricSpecification.")
    missing = [name for name in ("Namespace", "MetricName", "Statistic") if not custom.get(name)]
    if missing:
        raise validation(f"CustomizedMetricSpecification lacks {', '.join(missing)}.")
    metric = {name: custom[name] for name in ("Namespace", "MetricName", "Statistic")}
    if custom.get("Unit"):
        metric["Unit"] = custom["Unit"]
    return metric | {"Dimensions": custom.get("Dimensions", [])}


def create(
    context: Context, target: ScalableTarget, policy_arn: str, settings: Mapping[str, Any]
) -> list[dict[str, str]]:
    """Create the alarms of a target tracking policy; their names are AWS's."""
    metric = tracked_metric(target, settings)
    value = settings["TargetValue"]
    sides: list[tuple[str, str, int, float]] = [
        ("AlarmHigh", "GreaterThanThreshold", _HIGH_PERIODS, value)
    ]
    if not settings.get("DisableScaleIn"):
        sides.append(("AlarmLow", "LessThanThreshold", _LOW_PERIODS, value * _LOW_SHARE))
    created = []
    client = context.client("cloudwatch")
    for side, comparison, periods, threshold in sides:
        name = f"TargetTracking-{target.resource}-{side}-{uuid.uuid4()}"
        client.put_metric_alarm(
            AlarmName=name,
            AlarmDescription=f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy_arn}.",
            AlarmActions=[policy_arn],
            ComparisonOperator=comparison,
            EvaluationPeriods=periods,
            Period=_PERIOD,
            Threshold=threshold,
            **metric,
        )
        created.append({"AlarmName": name, "AlarmARN": context.arn("cloudwatch", f"alarm:{name}")})
    return created


def delete(context: Context, alarms: list[dict[str, str]]) -> None:
    """Delete those of a policy's alarms that still exist."""
    client = context.client("cloudwatch")
    names = [alarm["AlarmName"] for alarm in alarms]
    if not names:
        return
    known = client.describe_alarms(AlarmNames=names)["MetricAlarms"]
    if known:
        client.delete_alarms(AlarmNames=[alarm["AlarmName"] for alarm in known])


def current_value(context: Context, alarm: Mapping[str, Any]) -> float | None:
    """The latest complete data point of an alarm's metric; None when there is none in its range."""
    if "MetricName" not in alarm:
        return None
    stat = alarm.get("Statistic") or alarm["ExtendedStatistic"]
    period = alarm["Period"]
    query = MetricQuery(metric_of(alarm), period, stat, alarm.get("Unit"))
    now = int(context.clock.now().timestamp())
    end = now - now % min(period, _PERIOD)
    start = end - period * alarm["EvaluationPeriods"]
    read = distributions(context.shared(MetricStore), query, start, end)
    return statistic(stat)(read[max(read)]) if read else None
