"""Lambda entry of plan_deployment: the state machine `deploy` calls it before each of its steps."""

from __future__ import annotations

import logging
import os
from functools import lru_cache
from typing import Any

import boto3

from common import log
from common.errors import ActionError
from plan_deployment.service import plan_deployment
from plan_deployment.settings import Settings
from plan_deployment.steps import Plan
from plan_deployment.world import Clients

_log = logging.getLogger(__name__)


@lru_cache(maxsize=1)  # clients are built once: a warm call reuses their connections
def clients() -> Clients:
    return Clients(
        boto3.client("sagemaker"),
        boto3.client("s3"),
        boto3.client("cloudwatch"),
        boto3.client("application-autoscaling"),
    )


def handler(event: dict[str, Any], _context: Any) -> Plan:
    log.configure(os.environ.get("LOG_LEVEL", "INFO"))
    try:
        plan = plan_deployment(event, Settings.from_environment(os.environ), clients())
    except ActionError as error:
        # A cause that a person can act on; anything else fails the call, and Lambda's log has it.
        plan = {"Do": "fail", "Error": type(error).__name__, "Cause": str(error), "Memory": {}}
    _log.info("planned", extra={"input": event["Input"], "do": plan["Do"]})
    return plan
