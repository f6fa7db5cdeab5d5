"""The function's environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common.environment import Environment


@dataclass(frozen=True)
class Settings:
    api_url: str
    route: (
        str  # the first part of the path: predict, or probe where clients of predict need a token
    )
    namespace: str  # of the metric

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Settings:
        environment = Environment(variables)
        settings = cls(
            environment.required("API_URL"),
            environment.required("ROUTE"),
            environment.required("NAMESPACE"),
        )
        environment.check()
        return settings
