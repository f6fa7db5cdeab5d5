"""How a model is served, decided before anything starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from localaws.services.sagemaker.images.launch import Image
from localaws.services.sagemaker.serving.model_data import ModelData

PRIMARY = "primary"
"""The name of a model's only container in messages."""


@dataclass(frozen=True)
class ContainerPlan:
    """An image, its model data and its environment."""

    image: Image
    data: ModelData | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    role_arn: str | None = None
    network_isolation: bool = False
    name: str = PRIMARY
    """The ContainerHostname, or the place of the container in an inference pipeline."""


@dataclass(frozen=True)
class ServingPlan:
    """A model: one container, or the containers of an inference pipeline in their order."""

    containers: tuple[ContainerPlan, ...]
    direct: bool = False
    """Whether a request names the one container that it is for (InferenceExecutionConfig)."""
    in_vpc: bool = False
    """Whether it has a VpcConfig."""

    @property
    def role_arn(self) -> str | None:
        """The execution role of the model."""
        return self.containers[0].role_arn

    @property
    def is_pipeline(self) -> bool:
        """Whether the model has several containers."""
        return len(self.containers) > 1
