"""The operations on scaling policies."""

from __future__ import annotations

import uuid
from typing import Any

from localaws.core.context import Context
from localaws.core.errors import AwsError
from localaws.core.paging import page
from localaws.core.provider import operation
from localaws.services.applicationautoscaling import alarms
from localaws.services.applicationautoscaling.records import (
    DIMENSION,
    NAMESPACE,
    Policy,
    ScalableTarget,
    Table,
    check_namespace,
    invalid_token,
    validation,
)
from localaws.services.applicationautoscaling.scalable_targets import PAGE

_CONFIGURATIONS = {
    "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
    "StepScaling": "StepScalingPolicyConfiguration",
}

Params = dict[str, Any]


class Policies:
    """PutScalingPolicy, DescribeScalingPolicies, DeleteScalingPolicy."""

    def __init__(self, context: Context, table: Table) -> None:
        self._context = context
        self._table = table

    @operation
    def put_scaling_policy(self, params: Params) -> Params:
        """PutScalingPolicy. A target tracking policy gets two alarms, an existing one new ones."""
        name = params["PolicyName"]
        with self._table.lock:
            target = self._table.target(params)
            known = target.policies.get(name)
            kind = params.get("PolicyType") or (known.kind if known else "StepScaling")
            if kind not in _CONFIGURATIONS:
                raise validation(
                    f"localaws does not emulate policies of the type {kind}; it has "
                    f"{' and '.join(_CONFIGURATIONS)}."
                )
            if known is not None and known.kind != kind:
                raise validation(f"The policy {name} exists and is of the type {known.kind}.")
            settings = params.get(_CONFIGURATIONS[kind])
            if settings is None:
                raise validation(f"{_CONFIGURATIONS[kind]} must be specified for the type {kind}.")
            _check(target, kind, settings)
            policy = known or Policy(
                name, self._arn(target, name), kind, settings, self._context.clock.now()
            )
        # Outside of the lock: these are requests to CloudWatch.
        if kind == "TargetTrackingScaling":
            replaced = policy.alarms
            policy.alarms = alarms.create(self._context, target, policy.arn, settings)
            alarms.delete(self._context, replaced)
        with self._table.lock:
            policy.settings = settings
            target.policies[name] = policy
            return {"PolicyARN": policy.arn, "Alarms": list(policy.alarms)}

    @operation
    def describe_scaling_policies(self, params: Params) -> Params:
        """DescribeScalingPolicies."""
        check_namespace(params)
        names, resource = params.get("PolicyNames"), params.get("ResourceId")
        with self._table.lock:
            found = [
                (target, policy)
                for target in self._table.targets.values()
                for policy in target.policies.values()
                if resource in {None, target.resource} and (not names or policy.name in names)
            ]
            chosen, token = page(
                found, lambda pair: (pair[0].resource, pair[1].name),
                listing=["ScalingPolicies", names, resource], token=params.get("NextToken"),
                size=params.get("MaxResults", PAGE), invalid_token=invalid_token,
            )  # fmt: skip
            shown = [_describe(target, policy) for target, policy in chosen]
        return {"ScalingPolicies": shown, "NextToken": token}

    @operation
    def delete_scaling_policy(self, params: Params) -> Params:
        """DeleteScalingPolicy, with the alarms that it created."""
        name = params["PolicyName"]
        with self._table.lock:
            target = self._table.target(params, "scaling policy")
            policy = target.policies.pop(name, None)
        if policy is None:
            raise AwsError(
                "ObjectNotFoundException",
                f"No scaling policy found for service namespace: {NAMESPACE}, resource ID: "
                f"{target.resource}, scalable dimension: {DIMENSION}, policy name: {name}",
            )
        alarms.delete(self._context, policy.alarms)
        return {}

    def _arn(self, target: ScalableTarget, name: str) -> str:
        return self._context.arn(
            "autoscaling",
            f"scalingPolicy:{uuid.uuid4()}:resource/{NAMESPACE}/{target.resource}:policyName/{name}",
        )


def _check(target: ScalableTarget, kind: str, settings: Params) -> None:
    if kind == "TargetTrackingScaling":
        if settings["TargetValue"] <= 0:
            raise validation(
                f"TargetValue is {settings['TargetValue']}, but must be greater than 0."
            )
        alarms.tracked_metric(target, settings)
        return
    if "AdjustmentType" not in settings or not settings.get("StepAdjustments"):
        raise validation(
            "StepScalingPolicyConfiguration needs AdjustmentType and at least one of StepAdjustments."
        )


def _describe(target: ScalableTarget, policy: Policy) -> Params:
    return {
        "PolicyARN": policy.arn,
        "PolicyName": policy.name,
        "ServiceNamespace": NAMESPACE,
        "ResourceId": target.resource,
        "ScalableDimension": DIMENSION,
        "PolicyType": policy.kind,
        _CONFIGURATIONS[policy.kind]: policy.settings,
        "Alarms": list(policy.alarms),
        "CreationTime": policy.created,
    }
