"""Lambda entry of start_retraining: asked by the alarm on drift, and by the state machine `drift`."""

from __future__ import annotations

import logging
import os
from functools import lru_cache
from typing import Any

import boto3

from common import log
from start_retraining.service import Clients, start_retraining
from start_retraining.settings import Settings

_log = logging.getLogger(__name__)


@lru_cache(maxsize=1)  # clients are built once: a warm call reuses their connections
def clients() -> Clients:
    return Clients(boto3.client("s3"), boto3.client("cloudwatch"), boto3.client("codepipeline"))


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    log.configure(os.environ.get("LOG_LEVEL", "INFO"))
    settings = Settings.from_environment(os.environ)
    record = start_retraining(event, settings, clients())
    _log.info("decided", extra={"record": record})
    return record
