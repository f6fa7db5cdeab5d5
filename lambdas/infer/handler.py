"""Lambda entry of infer: every route of the inference API."""

from __future__ import annotations

import logging
import os
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import boto3
from botocore.config import Config

from common import log
from infer.models import Models
from infer.requests import Answer, ApiRequest, Refusal
from infer.service import Service
from infer.settings import Settings

# Lambda ends the call after 29 s, and API Gateway waits no longer than 30 s. The answer that the endpoint is
# silent must come before. A call is not repeated, or its time would be twice as long.
ANSWER_SECONDS = 25
CONNECT_SECONDS = 2

logger = logging.getLogger(__name__)


@lru_cache(
    maxsize=1
)  # built once: a warm call reuses the connections and what is known of the endpoints
def service() -> Service:
    settings = Settings.from_environment(os.environ)
    quick = Config(
        connect_timeout=CONNECT_SECONDS, read_timeout=5, retries={"total_max_attempts": 2}
    )
    runtime = boto3.client(
        "sagemaker-runtime",
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=ANSWER_SECONDS - CONNECT_SECONDS,
            retries={"total_max_attempts": 1},
        ),
    )
    models = Models(
        boto3.client("sagemaker", config=quick), boto3.client("s3", config=quick), settings
    )
    return Service(models, runtime)


def handler(event: dict[str, Any], _: Any) -> dict[str, Any]:
    log.configure(os.environ.get("LOG_LEVEL", "INFO"))
    request = ApiRequest.from_event(event)
    context = {"request_id": request.id, "route": request.route}
    try:
        answer = service().answer(request)
    except Refusal as refusal:
        # Not the message: it has values of the caller's data.
        details = {"status": int(refusal.status), "cause": refusal.cause}
        logger.warning("refused", extra={**context, **details})
        answer = Answer.refused(refusal, request.id)
    except Exception:
        logger.exception("failed", extra=context)
        failed = Refusal(
            HTTPStatus.INTERNAL_SERVER_ERROR, "The API failed; its log has the reason."
        )
        answer = Answer.refused(failed, request.id)
    return answer.as_event()
