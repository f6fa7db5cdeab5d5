"""Lambda entry of start_job: an event of S3, Object Created below jobs/ of the source bucket."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

import boto3

from common import log
from common.manifest import load_schema
from start_job.drop import Drop
from start_job.service import Clients, start_job
from start_job.settings import Settings


@lru_cache(maxsize=1)  # clients are built once: a warm call reuses their connections
def clients() -> Clients:
    return Clients(boto3.client("s3"), boto3.client("codepipeline"))


def handler(event: dict[str, Any], _: Any) -> dict[str, str]:
    log.configure(os.environ.get("LOG_LEVEL", "INFO"))
    settings = Settings.from_environment(os.environ)
    return start_job(Drop.of_event(event), settings, load_schema("manifest.schema.json"), clients())
