"""What a fleet starts, and how it is used, decided before anything starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localaws.services.sagemaker.capture.settings import CaptureSettings
from localaws.services.sagemaker.serving.plan import ServingPlan


@dataclass(frozen=True)
class FleetPlan:
    """An endpoint config with its models."""

    config_name: str
    variants: list[dict[str, Any]]
    """The production variants of the config."""
    models: Mapping[str, ServingPlan]
    """By variant."""
    capture: CaptureSettings | None = None
