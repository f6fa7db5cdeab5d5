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
from pause_dev_endpoints.service import pause, resume


@lru_cache(maxsize=1)  # a warm call reuses the connections
def client() -> Any:
    return boto3.client("sagemaker")


def handler(event: dict[str, Any], _context: Any) -> dict[str, dict[str, str]]:
    log.configure(os.environ.get("LOG_LEVEL", "INFO"))
    environment = Environment(os.environ)
    prefix = environment.required("PREFIX")
    environment.check()
    action = event.get("Action")
    if action == "pause":
        return {"Endpoints": pause(client(), prefix, datetime.now(UTC))}
    if action == "resume":
        return {"Endpoints": resume(client(), prefix)}
    raise ConfigurationError(
        "event",
        f"Action: found {action!r}; allowed: pause, resume",
        "Terraform writes the schedules (infra/modules/cost): apply it again.",
    )
