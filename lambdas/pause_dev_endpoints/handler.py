"""Lambda entry of pause_dev_endpoints: schedules call it with {"Action": "pause"} or {"Action": "resume"}."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import boto3

from common import log
from common.environment import Environment
from common.errors import ConfigurationError
from common.registry import Registry
from pause_dev_endpoints.service import pause, resume


@lru_cache(maxsize=2)  # a warm call reuses the connections
def client(service: str) -> Any:
    return boto3.client(service)


def handler(event: dict[str, Any], _context: Any) -> dict[str, dict[str, str]]:
    log.configure(os.environ.get("LOG_LEVEL", "INFO"))
    environment = Environment(os.environ)
    prefix, bucket = environment.required("PREFIX"), environment.required("WORKFLOW_BUCKET")
    environment.check()
    sagemaker = client("sagemaker")

    def is_enabled(use_case: str) -> bool:
        registry = Registry(sagemaker, client("s3"), f"{prefix}-{use_case}", bucket)
        return registry.has_dev_endpoint()

    action = event.get("Action")
    if action == "pause":
        return {"Endpoints": pause(sagemaker, prefix, datetime.now(UTC))}
    if action == "resume":
        return {"Endpoints": resume(sagemaker, prefix, is_enabled)}
    raise ConfigurationError(
        "event",
        f"Action: found {action!r}; allowed: pause, resume",
        "Terraform writes the schedules (infra/modules/cost): apply it again.",
    )
