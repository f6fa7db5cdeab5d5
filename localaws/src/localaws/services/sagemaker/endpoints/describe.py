"""The answer of DescribeEndpoint, which is also the detail of the events of an endpoint."""

from __future__ import annotations

from typing import Any

from localaws.services.sagemaker.endpoints.fleet import Fleet
from localaws.services.sagemaker.endpoints.record import EndpointRecord
from localaws.services.sagemaker.endpoints.status import VariantStatus


def describe(endpoint: EndpointRecord) -> dict[str, Any]:
    """An endpoint in the shape of DescribeEndpointOutput.

    During an update the config and the variants are the old ones. PendingDeploymentSummary has the new ones.
    """
    with endpoint.lock:
        described: dict[str, Any] = {
            "EndpointName": endpoint.name,
            "EndpointArn": endpoint.arn,
            "EndpointConfigName": endpoint.config_name,
            "EndpointStatus": endpoint.status,
            "FailureReason": endpoint.failure_reason,
            "CreationTime": endpoint.created,
            "LastModifiedTime": endpoint.modified,
            "LastDeploymentConfig": endpoint.deployment,
        }
        if endpoint.fleet is not None:
            described["ProductionVariants"] = _variants(
                endpoint, endpoint.fleet, _old_status(endpoint), pending=False
            )
            if endpoint.fleet.capture is not None:
                described["DataCaptureConfig"] = endpoint.fleet.capture.settings.summary()
        if endpoint.pending is not None:
            described["PendingDeploymentSummary"] = {
                "EndpointConfigName": endpoint.pending.config_name,
                "StartTime": endpoint.pending.started,
                "ProductionVariants": _variants(
                    endpoint, endpoint.pending, endpoint.variant_status, pending=True
                ),
            }
        return {key: value for key, value in described.items() if value is not None}


def _old_status(endpoint: EndpointRecord) -> VariantStatus | None:
    """The status of the variants that have the traffic, or are the first to get it."""
    if endpoint.pending is None:
        return endpoint.variant_status
    if endpoint.variant_status == VariantStatus.DELETING:
        return VariantStatus.DELETING
    return VariantStatus.UPDATING


def _variants(
    endpoint: EndpointRecord, fleet: Fleet, status: str | None, *, pending: bool
) -> list[dict[str, Any]]:
    summaries = []
    for variant in fleet.variants:
        name = variant["VariantName"]
        summary = {
            "VariantName": name,
            "DeployedImages": [_deployed_image(fleet, name)],
            "CurrentWeight": fleet.weights[name],
            "DesiredWeight": fleet.desired_weights[name],
            "CurrentInstanceCount": fleet.ready_count(name),
            "DesiredInstanceCount": fleet.desired_counts[name],
        }
        if pending:
            summary["InstanceType"] = variant["InstanceType"]
        if status is not None:
            shown = {"Status": status, "StartTime": endpoint.modified}
            if endpoint.variant_message:
                shown["StatusMessage"] = endpoint.variant_message
            summary["VariantStatus"] = [shown]
        summaries.append(summary)
    return summaries


def _deployed_image(fleet: Fleet, variant: str) -> dict[str, Any]:
    image = fleet.plan.models[variant].image
    deployed = {"SpecifiedImage": image.uri, "ResolutionTime": fleet.started}
    if image.resolved_uri != image.uri:
        deployed["ResolvedImage"] = image.resolved_uri
    return deployed
