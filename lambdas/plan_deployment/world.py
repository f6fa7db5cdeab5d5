"""What is there: the endpoint, its models and configuration, its scaling and its alarms. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from common.aws import tags_of
from plan_deployment.rollout import alarm_names
from plan_deployment.target import Target

DIMENSION = "sagemaker:variant:DesiredInstanceCount"
NAMESPACE = "sagemaker"


@dataclass(frozen=True)
class Endpoint:
    """An answer of DescribeEndpoint; without a status there is no endpoint."""

    name: str
    status: str = ""
    config: str = ""
    # The configuration of the update that is in progress.
    pending: str = ""
    reason: str = ""
    # The desired number of instances of each variant.
    counts: Mapping[str, int] = field(default_factory=dict)
    is_serverless: bool = False


@dataclass(frozen=True)
class Scaling:
    """A scalable target and its policy, in the words of the section autoscaling."""

    resource: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Clients:
    sagemaker: Any
    s3: Any
    cloudwatch: Any
    scaling: Any


class World:
    """Answers questions about AWS."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def endpoint(self, name: str) -> Endpoint:
        try:
            found = self._clients.sagemaker.describe_endpoint(EndpointName=name)
        except ClientError as error:
            if _is_missing(error):
                return Endpoint(name)
            raise
        variants = found.get("ProductionVariants", [])
        return Endpoint(
            name,
            found["EndpointStatus"],
            found.get("EndpointConfigName", ""),
            found.get("PendingDeploymentSummary", {}).get("EndpointConfigName", ""),
            found.get("FailureReason", ""),
            {
                item["VariantName"]: item.get("DesiredInstanceCount", 1)
                for item in variants
                if "CurrentServerlessConfig" not in item
            },
            any("CurrentServerlessConfig" in item for item in variants),
        )

    def missing_model(self, target: Target) -> Mapping[str, Any] | None:
        """The request for a model that the configuration names and that does not exist."""
        for name, request in target.models.items():
            try:
                self._clients.sagemaker.describe_model(ModelName=name)
            except ClientError as error:
                if not _is_missing(error):
                    raise
                return request
        return None

    def has_config(self, name: str) -> bool:
        try:
            self._clients.sagemaker.describe_endpoint_config(EndpointConfigName=name)
        except ClientError as error:
            if not _is_missing(error):
                raise
            return False
        return True

    def config_tags(self, name: str) -> dict[str, str]:
        """The tags of an endpoint configuration; none when it is gone."""
        try:
            arn = self._clients.sagemaker.describe_endpoint_config(EndpointConfigName=name)[
                "EndpointConfigArn"
            ]
            return tags_of(self._clients.sagemaker, arn)
        except ClientError as error:
            if not _is_missing(error):
                raise
            return {}

    def scalings(self, endpoint: Endpoint) -> list[Scaling]:
        """The variants of an endpoint that scale by themselves."""
        resources = [f"endpoint/{endpoint.name}/variant/{variant}" for variant in endpoint.counts]
        if not resources:
            return []
        targets = self._clients.scaling.describe_scalable_targets(
            ServiceNamespace=NAMESPACE, ResourceIds=resources, ScalableDimension=DIMENSION
        )["ScalableTargets"]
        return [self._scaling(item) for item in targets]

    def alarms_raised(self, endpoint: str) -> list[str]:
        """The alarms of the rollout that are in ALARM, with the reason of each."""
        found = self._clients.cloudwatch.describe_alarms(
            AlarmNames=list(alarm_names(endpoint).values()), StateValue="ALARM"
        )["MetricAlarms"]
        return [f"{alarm['AlarmName']}: {alarm.get('StateReason', '')}" for alarm in found]

    def _scaling(self, target: Mapping[str, Any]) -> Scaling:
        policies = self._clients.scaling.describe_scaling_policies(
            ServiceNamespace=NAMESPACE,
            ResourceId=target["ResourceId"],
            ScalableDimension=DIMENSION,
        )["ScalingPolicies"]
        settings = {"min": target["MinCapacity"], "max": target["MaxCapacity"]}
        for policy in policies:
            tracking = policy.get("TargetTrackingScalingPolicyConfiguration", {})
            settings |= {
                "target_invocations": tracking.get("TargetValue"),
                "scale_in_cooldown": tracking.get("ScaleInCooldown"),
                "scale_out_cooldown": tracking.get("ScaleOutCooldown"),
            }
        return Scaling(target["ResourceId"], settings)


def _is_missing(error: ClientError) -> bool:
    """SageMaker has no code of its own for what does not exist."""
    return "Could not find" in str(error)
