"""The function's environment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from common.environment import Environment
from common.errors import ConfigurationError


@dataclass(frozen=True)
class RolloutSettings:
    """The variable `rollout` of infra/, and the waits that Terraform computes of it."""

    type: str
    step_percent: int
    wait_seconds: int
    termination_seconds: int
    maximum_seconds: int
    poll_seconds: int
    max_error_rate: float
    max_latency_microseconds: float


@dataclass(frozen=True)
class Settings:
    service: str
    stage: str
    workflow_bucket: str
    kms_key_arn: str
    sagemaker_role_arn: str
    alarm_topic_arn: str
    rollout: RolloutSettings

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Settings:
        environment = Environment(variables)
        service, stage = environment.required("SERVICE"), environment.required("STAGE")
        bucket = environment.required("WORKFLOW_BUCKET")
        key = environment.required("KMS_KEY_ARN")
        role = environment.required("SAGEMAKER_ROLE_ARN")
        topic = environment.required("ALARM_TOPIC_ARN")
        rollout = environment.required("ROLLOUT")
        environment.check()
        return cls(service, stage, bucket, key, role, topic, _read_rollout(rollout))

    @property
    def prefix(self) -> str:
        return f"{self.service}-{self.stage}"


def _read_rollout(text: str) -> RolloutSettings:
    try:
        return RolloutSettings(**json.loads(text))
    except (ValueError, TypeError) as error:
        raise ConfigurationError(
            "Lambda function",
            f"environment variable ROLLOUT: {error}",
            "Terraform sets it (infra/modules/deployment): apply it again.",
        ) from error
