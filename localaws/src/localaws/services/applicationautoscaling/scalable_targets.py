"""The operations on scalable targets, activities and tags."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Final

from localaws.core.context import Context
from localaws.core.errors import AwsError
from localaws.core.paging import page
from localaws.core.provider import operation
from localaws.services.applicationautoscaling import alarms
from localaws.services.applicationautoscaling.records import (
    DIMENSION,
    NAMESPACE,
    ScalableTarget,
    Table,
    check_namespace,
    invalid_token,
    resource_of,
    validation,
)
from localaws.services.applicationautoscaling.scaling import Scaling

PAGE: Final = 50
_ROLE: Final = (
    "role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
)

Params = dict[str, Any]


class ScalableTargets:
    """RegisterScalableTarget and what belongs to it.

    Args:
        context: of the service.
        table: what is registered.
        scaling: the engine.
        forget_action: called with the resource and the name of each scheduled action that ends.
    """

    def __init__(
        self,
        context: Context,
        table: Table,
        scaling: Scaling,
        forget_action: Callable[[str, str], None],
    ) -> None:
        self._context = context
        self._table = table
        self._scaling = scaling
        self._forget_action = forget_action

    @operation
    def register_scalable_target(self, params: Params) -> Params:
        """RegisterScalableTarget, also to change one: what a request leaves out stays."""
        resource = resource_of(params)
        self._scaling.require_variant(resource)
        with self._table.lock:
            known = self._table.targets.get(resource)
            minimum = params.get("MinCapacity", known.minimum if known else None)
            maximum = params.get("MaxCapacity", known.maximum if known else None)
            if minimum is None or maximum is None:
                raise validation("MinCapacity and MaxCapacity must be specified for a new target.")
            if not 0 <= minimum <= maximum:
                raise validation(
                    f"Minimum capacity ({minimum}) must not be greater than maximum capacity ({maximum})."
                )
            if minimum < 1:
                raise validation("MinCapacity of an endpoint variant must be at least 1.")
            if known is None:
                arn = self._context.arn(
                    "application-autoscaling", f"scalable-target/{uuid.uuid4().hex}"
                )
                role = f"arn:{self._context.partition}:iam::{self._context.account_id}:{_ROLE}"
                known = ScalableTarget(
                    resource, arn, minimum, maximum, params.get("RoleARN", role),
                    self._context.clock.now(), tags=dict(params.get("Tags") or {}),
                )  # fmt: skip
                self._table.targets[resource] = known
            known.minimum, known.maximum = minimum, maximum
            known.suspended |= params.get("SuspendedState") or {}
        self._scaling.keep_within_bounds(
            known, f"minimum capacity was set to {minimum}, maximum capacity to {maximum}"
        )
        return {"ScalableTargetARN": known.arn}

    @operation
    def describe_scalable_targets(self, params: Params) -> Params:
        """DescribeScalableTargets."""
        check_namespace(params)
        wanted = params.get("ResourceIds")
        with self._table.lock:
            found = [t for t in self._table.targets.values() if not wanted or t.resource in wanted]
            chosen, token = page(
                found, lambda target: target.resource, listing=["ScalableTargets", wanted],
                token=params.get("NextToken"), size=params.get("MaxResults", PAGE),
                invalid_token=invalid_token,
            )  # fmt: skip
            shown = [_describe(target) for target in chosen]
        return {"ScalableTargets": shown, "NextToken": token}

    @operation
    def deregister_scalable_target(self, params: Params) -> Params:
        """DeregisterScalableTarget, with its policies, their alarms, and its scheduled actions."""
        with self._table.lock:
            target = self._table.target(params)
            del self._table.targets[target.resource]
            for name in target.actions:
                self._forget_action(target.resource, name)
        for policy in target.policies.values():
            alarms.delete(self._context, policy.alarms)
        return {}

    @operation
    def describe_scaling_activities(self, params: Params) -> Params:
        """DescribeScalingActivities, the latest first."""
        check_namespace(params)
        resource = params.get("ResourceId")
        with self._table.lock:
            numbered = [
                (number, dict(activity))
                for number, activity in enumerate(self._table.activities)
                if resource in {None, activity["ResourceId"]}
            ]
        chosen, token = page(
            numbered, lambda row: row[0], listing=["ScalingActivities", resource],
            token=params.get("NextToken"), size=params.get("MaxResults", PAGE),
            invalid_token=invalid_token, descending=True,
        )  # fmt: skip
        return {"ScalingActivities": [activity for _, activity in chosen], "NextToken": token}

    @operation
    def tag_resource(self, params: Params) -> Params:
        """TagResource."""
        with self._table.lock:
            self._by_arn(params["ResourceARN"]).tags |= params["Tags"]
        return {}

    @operation
    def untag_resource(self, params: Params) -> Params:
        """UntagResource."""
        with self._table.lock:
            tags = self._by_arn(params["ResourceARN"]).tags
            for key in params["TagKeys"]:
                tags.pop(key, None)
        return {}

    @operation
    def list_tags_for_resource(self, params: Params) -> Params:
        """ListTagsForResource."""
        with self._table.lock:
            return {"Tags": dict(self._by_arn(params["ResourceARN"]).tags)}

    def _by_arn(self, arn: str) -> ScalableTarget:
        for target in self._table.targets.values():
            if target.arn == arn:
                return target
        raise AwsError(
            "ResourceNotFoundException", f"There is no scalable target with the ARN {arn}."
        )


def _describe(target: ScalableTarget) -> Params:
    return {
        "ServiceNamespace": NAMESPACE,
        "ResourceId": target.resource,
        "ScalableDimension": DIMENSION,
        "MinCapacity": target.minimum,
        "MaxCapacity": target.maximum,
        "RoleARN": target.role_arn,
        "CreationTime": target.created,
        "SuspendedState": {
            "DynamicScalingInSuspended": False,
            "DynamicScalingOutSuspended": False,
            "ScheduledScalingSuspended": False,
            **target.suspended,
        },
        "ScalableTargetARN": target.arn,
    }
