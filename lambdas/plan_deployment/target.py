"""The endpoint that a version should have. Pure: the same version and settings give the same names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from common.names import endpoint_name
from common.registry import Version
from plan_deployment.order import Order
from plan_deployment.settings import Settings

ALL_TRAFFIC, VARIANT_A, VARIANT_B, SHADOW = "AllTraffic", "A", "B", "Shadow"
_HASH = 7
_TAG_LENGTH = 256


@dataclass(frozen=True)
class Part:
    """A version in a variant, and its part of the requests."""

    variant: str
    version: Version
    weight: float


@dataclass(frozen=True)
class Target:
    """An endpoint as it should be."""

    endpoint: str
    version: Version
    config_name: str
    # The request of CreateEndpointConfig.
    config: Mapping[str, Any]
    # The requests of CreateModel, by name, for models that may not exist any more.
    models: Mapping[str, Mapping[str, Any]]
    versions: tuple[Version, ...]
    variants: tuple[str, ...]
    autoscaling: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_serverless(self) -> bool:
        return any("ServerlessConfig" in variant for variant in self.config["ProductionVariants"])

    @property
    def has_shadow(self) -> bool:
        return "ShadowProductionVariants" in self.config


def make_target(
    order: Order,
    settings: Settings,
    endpoint_settings: Mapping[str, Any],
    version: Version,
    production: tuple[Part, ...],
    shadow: Part | None = None,
) -> Target:
    """The endpoint of an order: `production` has its variants, and its tags name `version`."""
    serverless = endpoint_settings.get("serverless")
    scaling = endpoint_settings.get("autoscaling", {})
    count = max(endpoint_settings.get("instance_count", 1), scaling.get("min", 1))
    parts = (*production, *([shadow] if shadow else []))
    models = {}
    named = {}
    for part in parts:
        name, request = model_of(order, settings, part.version, isolated=not serverless)
        named[part.variant] = name
        models[name] = request

    def variant(part: Part) -> dict[str, Any]:
        found: dict[str, Any] = {
            "VariantName": part.variant,
            "ModelName": named[part.variant],
            "InitialVariantWeight": part.weight,
        }
        if serverless:
            found["ServerlessConfig"] = {
                "MemorySizeInMB": serverless["memory_mb"],
                "MaxConcurrency": serverless["max_concurrency"],
            }
        else:
            found["InstanceType"] = endpoint_settings["instance_type"]
            found["InitialInstanceCount"] = count
        return found

    config: dict[str, Any] = {"ProductionVariants": [variant(part) for part in production]}
    if shadow:
        config["ShadowProductionVariants"] = [variant(shadow)]
    if not serverless:
        # It encrypts the volumes of instances, which a serverless endpoint does not have.
        config["KmsKeyId"] = settings.kms_key_arn
    if endpoint_settings.get("capture_percent"):
        config["DataCaptureConfig"] = capture(settings, endpoint_settings["capture_percent"])
    endpoint = endpoint_name(settings.prefix, order.use_case, order.target)
    digest = hashlib.sha256(json.dumps([endpoint, config], sort_keys=True).encode()).hexdigest()
    name = f"{settings.prefix}-{order.use_case}-{version.number}-{digest[:_HASH]}"
    return Target(
        endpoint,
        version,
        name,
        {
            "EndpointConfigName": name,
            **config,
            "Tags": tags(order, settings, version, parts),
        },
        models,
        tuple(part.version for part in parts),
        tuple(part.variant for part in production),
        scaling,
    )


def model_of(
    order: Order, settings: Settings, version: Version, *, isolated: bool
) -> tuple[str, dict[str, Any]]:
    """The name of a version's model, and how it is created when the one of the training is gone.

    A serverless container cannot be isolated from the network, so it needs a model of its own.
    """
    made_by_training = version.metadata.get("Model", "")
    own = f"{settings.prefix}-{order.use_case}-{version.number}-model"
    name = (made_by_training or own) if isolated else f"{own}-open"
    containers = [
        {
            key: container[key]
            for key in ("ContainerHostname", "Image", "ModelDataUrl", "Environment")
            if key in container
        }
        for container in version.containers
    ]
    request: dict[str, Any] = {
        "ModelName": name,
        "ExecutionRoleArn": settings.sagemaker_role_arn,
        "EnableNetworkIsolation": isolated,
        "Tags": _tags(
            RunId=version.metadata.get("RunId", ""),
            UseCase=order.use_case,
            CodeVersion=version.metadata.get("CodeVersion", ""),
            Environment=settings.prefix,
        ),
    }
    if len(containers) == 1:
        request["PrimaryContainer"] = containers[0]
    else:
        request["Containers"] = containers
    return name, request


def capture(settings: Settings, percent: int) -> dict[str, Any]:
    """Requests and answers are stored below capture/{endpoint}/{variant}/ of the workflow bucket."""
    return {
        "EnableCapture": True,
        "InitialSamplingPercentage": percent,
        "DestinationS3Uri": f"s3://{settings.workflow_bucket}/capture",
        "KmsKeyId": settings.kms_key_arn,
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        # Without them SageMaker stores the bodies in base64.
        "CaptureContentTypeHeader": {
            "CsvContentTypes": ["text/csv"],
            "JsonContentTypes": ["application/json"],
        },
    }


def tags(
    order: Order, settings: Settings, version: Version, parts: tuple[Part, ...]
) -> list[dict[str, str]]:
    """What the API and the scripts read: the version that is live, and the one behind each variant."""
    return _tags(
        ModelPackageArn=version.arn,
        ModelVersion=str(version.number),
        UseCase=order.use_case,
        RunId=version.metadata.get("RunId", ""),
        CodeVersion=version.metadata.get("CodeVersion", ""),
        Environment=settings.prefix,
        Target=order.target,
        **{f"ModelVersion.{part.variant}": str(part.version.number) for part in parts},
    )


def _tags(**values: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value[:_TAG_LENGTH]} for key, value in values.items() if value]
