"""The function's environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common.environment import Environment


@dataclass(frozen=True)
class Settings:
    workflow_bucket: str
    kms_key_arn: str

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Settings:
        environment = Environment(variables)
        settings = cls(environment.required("WORKFLOW_BUCKET"), environment.required("KMS_KEY_ARN"))
        environment.check()
        return settings
