"""Lambda entry of probe: EventBridge Scheduler calls it with a use case and its rows."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

import boto3

from common import log
from probe.client import SignedClient
from probe.service import probe
from probe.settings import Settings


@lru_cache(maxsize=1)  # clients are built once: a warm call reuses their connections
def clients() -> tuple[SignedClient, Any]:
    session = boto3.Session()
    return SignedClient(session), session.client("cloudwatch")


def handler(event: dict[str, Any], _: Any) -> dict[str, Any]:
    log.configure(os.environ.get("LOG_LEVEL", "INFO"))
    client, cloudwatch = clients()
    return probe(event, Settings.from_environment(os.environ), client, cloudwatch)
