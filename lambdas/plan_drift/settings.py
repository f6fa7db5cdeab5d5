"""The function's environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common.environment import Environment


@dataclass(frozen=True)
class Settings:
    prefix: str
    source_bucket: str
    workflow_bucket: str
    kms_key_arn: str
    window_hours: int

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Settings:
        environment = Environment(variables)
        settings = cls(
            prefix=environment.required("PREFIX"),
            source_bucket=environment.required("SOURCE_BUCKET"),
            workflow_bucket=environment.required("WORKFLOW_BUCKET"),
            kms_key_arn=environment.required("KMS_KEY_ARN"),
            window_hours=int(environment.required("WINDOW_HOURS") or 0),
        )
        environment.check()
        return settings
