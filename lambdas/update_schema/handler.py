"""Lambda entry of update_schema: the first action of the InferenceStage."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

import boto3

from common import log
from common.action import run_action
from common.aws import artifact_s3
from common.manifest import load_schema
from update_schema.service import Clients, update_schema
from update_schema.settings import Settings


@lru_cache(maxsize=1)  # clients are built once: a warm call reuses their connections
def clients() -> Clients:
    return Clients(artifact_s3, boto3.client("s3"), boto3.client("sagemaker"))


def handler(event: dict[str, Any], context: Any) -> None:
    run(event, boto3.client("codepipeline"), context.aws_request_id)


def run(event: dict[str, Any], codepipeline: Any, request_id: str) -> None:
    log.configure(os.environ.get("LOG_LEVEL", "INFO"))

    def work(job: Any) -> Any:
        settings = Settings.from_environment(os.environ)
        return update_schema(job, settings, load_schema("manifest.schema.json"), clients())

    run_action(event, codepipeline, work, request_id)
