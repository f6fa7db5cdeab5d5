"""How a model is served, decided before anything starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from localaws.services.sagemaker.images.launch import Image
from localaws.services.sagemaker.serving.model_data import ModelData


@dataclass(frozen=True)
class ServingPlan:
    """An image, its model data and its environment."""

    image: Image
    data: ModelData | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    role_arn: str | None = None
    network_isolation: bool = False
