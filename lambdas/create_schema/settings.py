"""The function's environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common.environment import Environment


@dataclass(frozen=True)
class Settings:
    service: str
    stage: str
    region: str
    source_bucket: str
    workflow_bucket: str
    kms_key_arn: str
    prebuilt_image_uri: str
    image_repository_uri: str  # empty: there is no repository for images of our own

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Settings:
        environment = Environment(variables)
        settings = cls(
            service=environment.required("SERVICE"),
            stage=environment.required("STAGE"),
            # Lambda sets it.
            region=environment.required("AWS_REGION"),
            source_bucket=environment.required("SOURCE_BUCKET"),
            workflow_bucket=environment.required("WORKFLOW_BUCKET"),
            kms_key_arn=environment.required("KMS_KEY_ARN"),
            prebuilt_image_uri=environment.required("PREBUILT_IMAGE_URI"),
            image_repository_uri=environment.optional("IMAGE_REPOSITORY_URI"),
        )
        environment.check()
        return settings

    @property
    def prefix(self) -> str:
        return f"{self.service}-{self.stage}"
