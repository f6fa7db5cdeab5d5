"""The function's environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common.environment import Environment


@dataclass(frozen=True)
class Settings:
    prefix: str
    workflow_bucket: str
    kms_key_arn: str
    pipeline_name: str
    enabled: bool
    cooldown_days: int
    minimum_labels: int

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Settings:
        environment = Environment(variables)
        settings = cls(
            prefix=environment.required("PREFIX"),
            workflow_bucket=environment.required("WORKFLOW_BUCKET"),
            kms_key_arn=environment.required("KMS_KEY_ARN"),
            pipeline_name=environment.required("PIPELINE_NAME"),
            enabled=environment.required("RETRAIN") == "true",
            cooldown_days=int(environment.required("COOLDOWN_DAYS") or 0),
            minimum_labels=int(environment.required("MINIMUM_LABELS") or 0),
        )
        environment.check()
        return settings
