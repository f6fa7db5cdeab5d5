"""The function's environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common.environment import Environment


@dataclass(frozen=True)
class Settings:
    service: str
    stage: str

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Settings:
        environment = Environment(variables)
        settings = cls(environment.required("SERVICE"), environment.required("STAGE"))
        environment.check()
        return settings

    @property
    def prefix(self) -> str:
        return f"{self.service}-{self.stage}"
