"""Lambda entry of find_idle_endpoints: a schedule calls it; the event is ignored."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import boto3

from common import log
from common.environment import Environment
from find_idle_endpoints.service import find_idle_endpoints


@lru_cache(maxsize=2)  # a warm call reuses the connections
def client(service: str) -> Any:
    return boto3.client(service)


def handler(_event: Any, _context: Any) -> dict[str, list[str]]:
    log.configure(os.environ.get("LOG_LEVEL", "INFO"))
    environment = Environment(os.environ)
    prefix, hours = environment.required("PREFIX"), environment.required("IDLE_HOURS")
    environment.check()
    now = datetime.now(UTC)
    return find_idle_endpoints(client("sagemaker"), client("cloudwatch"), prefix, int(hours), now)
