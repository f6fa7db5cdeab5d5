"""Lambda entry of plan_drift: the first step of the state machine `drift`."""

from __future__ import annotations

import logging
import os
from functools import lru_cache
from typing import Any

import boto3

from common import log
from plan_drift.service import Clients, plan_drift
from plan_drift.settings import Settings

_log = logging.getLogger(__name__)


@lru_cache(maxsize=1)  # clients are built once: a warm call reuses their connections
def clients() -> Clients:
    return Clients(boto3.client("s3"), boto3.client("sagemaker"))


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    log.configure(os.environ.get("LOG_LEVEL", "INFO"))
    settings = Settings.from_environment(os.environ)
    plan = plan_drift(event, settings, clients())
    _log.info("planned", extra={"plan": plan})
    return plan
