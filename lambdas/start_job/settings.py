"""The function's environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common.environment import Environment


@dataclass(frozen=True)
class Settings:
    source_bucket: str
    workflow_bucket: str
    kms_key_arn: str
    pipeline_name: str

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Settings:
        environment = Environment(variables)
        settings = cls(
            source_bucket=environment.required("SOURCE_BUCKET"),
            workflow_bucket=environment.required("WORKFLOW_BUCKET"),
            kms_key_arn=environment.required("KMS_KEY_ARN"),
            pipeline_name=environment.required("PIPELINE_NAME"),
        )
        environment.check()
        return settings
