"""Lambda entry of test_endpoint: the state machine `deploy` calls it once a dev endpoint is in service."""

from __future__ import annotations

import logging
import os
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config

from common import log
from test_endpoint.load import CONNECTIONS
from test_endpoint.service import Clients, test_endpoint
from test_endpoint.settings import Settings

_log = logging.getLogger(__name__)


@lru_cache(maxsize=1)  # clients are built once: a warm call reuses their connections
def clients() -> Clients:
    # A request that is sent again would hide the failure of the first.
    once = Config(retries={"total_max_attempts": 1}, max_pool_connections=CONNECTIONS)
    return Clients(boto3.client("sagemaker-runtime", config=once), boto3.client("s3"))


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    log.configure(os.environ.get("LOG_LEVEL", "INFO"))
    answer = test_endpoint(event, Settings.from_environment(os.environ), clients())
    _log.info("tested", extra={"endpoint": event["EndpointName"], **answer})
    return answer
