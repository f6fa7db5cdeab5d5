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
            _add_shadows(described, endpoint, endpoint.fleet, _old_status(endpoint))
            described["AsyncInferenceConfig"] = endpoint.fleet.plan.asynchronous_config
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
            _add_shadows(
                described["PendingDeploymentSummary"],
                endpoint,
                endpoint.pending,
                endpoint.variant_status,
            )
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
            **_variant(endpoint, fleet, name, status),
            "CurrentWeight": fleet.weights[name],
            "DesiredWeight": fleet.desired_weights[name],
        }
        if fleet.plan.serverless is not None:
            config = fleet.plan.serverless.describe()
            summary |= {"CurrentServerlessConfig": config, "DesiredServerlessConfig": config}
        else:
            summary["CurrentInstanceCount"] = fleet.ready_count(name)
            summary["DesiredInstanceCount"] = fleet.desired_counts[name]
            if pending:
                summary["InstanceType"] = variant["InstanceType"]
        summaries.append(summary)
    return summaries


def _add_shadows(
    described: dict[str, Any], endpoint: EndpointRecord, fleet: Fleet, status: str | None
) -> None:
    """The shadow variants, whose weights and counts do not change."""
    if fleet.shadows:
        described["ShadowProductionVariants"] = [
            {
                **_variant(endpoint, fleet, name, status),
                "CurrentWeight": variant["InitialVariantWeight"],
                "DesiredWeight": variant["InitialVariantWeight"],
                "CurrentInstanceCount": fleet.ready_count(name),
                "DesiredInstanceCount": variant["InitialInstanceCount"],
            }
            for name, variant in fleet.shadows.items()
        ]


def _variant(
    endpoint: EndpointRecord, fleet: Fleet, name: str, status: str | None
) -> dict[str, Any]:
    summary: dict[str, Any] = {
        "VariantName": name,
        "DeployedImages": _deployed_images(fleet, name),
    }
    if status is not None:
        shown = {"Status": status, "StartTime": endpoint.modified}
        if endpoint.variant_message:
            shown["StatusMessage"] = endpoint.variant_message
        summary["VariantStatus"] = [shown]
    return summary


def _deployed_images(fleet: Fleet, variant: str) -> list[dict[str, Any]]:
    found = []
    for container in fleet.plan.models[variant].containers:
        image = container.image
        deployed = {"SpecifiedImage": image.uri, "ResolutionTime": fleet.started}
        if image.resolved_uri != image.uri:
            deployed["ResolvedImage"] = image.resolved_uri
        found.append(deployed)
    return found
