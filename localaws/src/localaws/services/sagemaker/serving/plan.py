"""How a model is served, decided before anything starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ServingPlan:
    """An image, its files and its environment."""

    image_uri: str
    model_uri: str | None = None
    model_source: Mapping[str, Any] | None = None
    """ModelDataSource.S3DataSource, the other way to name the files."""
    environment: Mapping[str, str] = field(default_factory=dict)
    role_arn: str | None = None
    network_isolation: bool = False
