"""How UpdateEndpoint moves the traffic to the new instances, and the alarms that take it back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plan_deployment.settings import RolloutSettings, Settings
from plan_deployment.target import Target

_PERCENT = "CAPACITY_PERCENT"


def alarm_names(endpoint: str) -> dict[str, str]:
    """One name for each endpoint. The alarms get the dimensions of each new rollout."""
    return {kind: f"{endpoint}-rollout-{kind.lower()}" for kind in ("Errors", "Latency", "Abort")}


def deployment_config(
    target: Target, settings: RolloutSettings, counts: Mapping[str, int], *, guarded: bool
) -> dict[str, Any]:
    """The DeploymentConfig of UpdateEndpoint.

    Args:
        target: the endpoint as it should be.
        settings: the variable `rollout` of infra/.
        counts: the instances of each variant that is in service.
        guarded: whether alarms roll the update back.
    """
    policy = _policy(target, settings, counts) if guarded else _at_once(settings, 0)
    if not guarded:
        return policy
    names = alarm_names(target.endpoint).values()
    alarms = [{"AlarmName": name} for name in names]
    return {**policy, "AutoRollbackConfiguration": {"Alarms": alarms}}


def _policy(target: Target, settings: RolloutSettings, counts: Mapping[str, int]) -> dict[str, Any]:
    # One instance has no part that could get traffic first, and a part of the traffic can only move between
    # variants of the same names.
    in_steps = set(counts) == set(target.variants) and min(counts.values(), default=0) > 1
    if not in_steps or settings.type == "ALL_AT_ONCE":
        return _at_once(settings, settings.termination_seconds)
    size = {"Type": _PERCENT, "Value": settings.step_percent}
    if settings.type == "ROLLING" and len(target.variants) == 1 and not target.has_shadow:
        return {
            "RollingUpdatePolicy": {
                "MaximumBatchSize": size,
                "WaitIntervalInSeconds": settings.wait_seconds,
                "MaximumExecutionTimeoutInSeconds": settings.maximum_seconds,
            }
        }
    # SageMaker replaces the instances of several variants in batches neither: they move in equal steps.
    linear = settings.type in ("LINEAR", "ROLLING")
    return _blue_green(
        settings,
        {
            "Type": "LINEAR" if linear else "CANARY",
            "WaitIntervalInSeconds": settings.wait_seconds,
            "LinearStepSize" if linear else "CanarySize": size,
        },
        settings.termination_seconds,
    )


def _at_once(settings: RolloutSettings, termination_seconds: int) -> dict[str, Any]:
    routing = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}
    return _blue_green(settings, routing, termination_seconds)


def _blue_green(
    settings: RolloutSettings, routing: Mapping[str, Any], termination_seconds: int
) -> dict[str, Any]:
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": routing,
            "TerminationWaitInSeconds": termination_seconds,
            "MaximumExecutionTimeoutInSeconds": settings.maximum_seconds,
        }
    }


def alarms(target: Target, settings: Settings) -> list[dict[str, Any]]:
    """The requests of PutMetricAlarm, on the instances of the new configuration only.

    Alarms on both fleets would also roll back the update that repairs a failing endpoint:
    https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
    """
    rollout = settings.rollout
    names = alarm_names(target.endpoint)
    # The last variant is the new one: the only one, or the challenger.
    variant = target.config["ProductionVariants"][-1]
    guard = {
        "Namespace": "AWS/SageMaker",
        "Dimensions": [
            {"Name": "EndpointName", "Value": target.endpoint},
            {"Name": "VariantName", "Value": variant["VariantName"]},
            {"Name": "EndpointConfigName", "Value": target.config_name},
        ],
        "Period": 60,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": [settings.alarm_topic_arn],
    }
    undone = f"rolls the deployment of {target.config_name} back."
    return [
        {
            **guard,
            "AlarmName": names["Errors"],
            "AlarmDescription": f"Requests to {target.endpoint} that end in a server error; {undone}",
            "MetricName": "Invocation5XXErrors",
            "Statistic": "Average",
            "Threshold": rollout.max_error_rate,
        },
        {
            **guard,
            "AlarmName": names["Latency"],
            "AlarmDescription": f"The slowest hundredth of the requests to {target.endpoint}, in "
            f"microseconds; {undone}",
            "MetricName": "ModelLatency",
            "ExtendedStatistic": "p99",
            "Threshold": rollout.max_latency_microseconds,
        },
        {
            "AlarmName": names["Abort"],
            "AlarmDescription": f"A person aborts the deployment of {target.config_name} to "
            f"{target.endpoint} with abort_rollout.py.",
            "Namespace": settings.prefix,
            "MetricName": "AbortRollout",
            "Dimensions": [{"Name": "EndpointName", "Value": target.endpoint}],
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            # It has no data: abort_rollout.py sets its state.
            "TreatMissingData": "ignore",
        },
    ]
