"""What a fleet starts, and how it is used, decided before anything starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localaws.services.sagemaker.capture.settings import CaptureSettings
from localaws.services.sagemaker.endpoints.asynchronous import AsyncSettings
from localaws.services.sagemaker.endpoints.serverless import ServerlessSettings
from localaws.services.sagemaker.serving.plan import ServingPlan


@dataclass(frozen=True)
class FleetPlan:
    """An endpoint config with its models."""

    config_name: str
    variants: list[dict[str, Any]]
    """The production variants of the config."""
    models: Mapping[str, ServingPlan]
    """By variant, shadow variants among them."""
    shadows: list[dict[str, Any]] = field(default_factory=list)
    """The shadow variants of the config."""
    capture: CaptureSettings | None = None
    asynchronous: AsyncSettings | None = None
    """Set for an endpoint that only answers InvokeEndpointAsync."""
    serverless: ServerlessSettings | None = None
    """Set for an endpoint whose only variant is serverless."""
    asynchronous_config: Mapping[str, Any] | None = None
    """The AsyncInferenceConfig of the config."""
