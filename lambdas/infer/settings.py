"""The function's environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common.environment import Environment


@dataclass(frozen=True)
class Settings:
    prefix: str  # the first part of every name: {service}-{stage}
    workflow_bucket: str

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Settings:
        environment = Environment(variables)
        settings = cls(environment.required("PREFIX"), environment.required("WORKFLOW_BUCKET"))
        environment.check()
        return settings
