"""The messages of asynchronous inference for SNS (developer guide, async-inference-check-predictions)."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from localaws.services.sagemaker_runtime.invocation import Invocation

# The service limit of a message is 256 KB. A longer answer is left out.
_MAX_RESPONSE: Final = 128 * 1024


@dataclass(frozen=True)
class Outcome:
    """How an asynchronous request ended."""

    body: bytes
    """The answer, or the text of the failure."""
    location: str | None
    """Where the body is in S3."""
    content_type: str | None = None
    failure: str | None = None
    """Why it failed."""


def notification(
    outcome: Outcome,
    invocation: Invocation,
    *,
    region: str,
    input_location: str | None,
    inference_id: str,
    received: datetime,
    now: datetime,
    included: Collection[str],
) -> str:
    """The message for the success or error topic."""
    request = {
        "contentType": invocation.content_type,
        "accept": invocation.accept,
        "customAttributes": invocation.custom_attributes,
        "endpointName": invocation.endpoint,
        "inputLocation": input_location,
    }
    message: dict[str, Any] = {
        "awsRegion": region,
        "eventTime": _time(now),
        "receivedTime": _time(received),
        "invocationStatus": "Failed" if outcome.failure else "Completed",
        "requestParameters": {k: v for k, v in request.items() if v is not None},
    }
    if outcome.failure:
        message["failureReason"] = outcome.failure
        if outcome.location:
            message["responseParameters"] = {"failureLocation": outcome.location}
    else:
        message["responseParameters"] = {
            "contentType": outcome.content_type, "outputLocation": outcome.location,
        }  # fmt: skip
    kind = "ERROR_NOTIFICATION_TOPIC" if outcome.failure else "SUCCESS_NOTIFICATION_TOPIC"
    if kind in included and len(outcome.body) <= _MAX_RESPONSE:
        message["responseBody"] = {
            "content": base64.b64encode(outcome.body).decode(), "encoding": "BASE64",
        }  # fmt: skip
    message |= {
        "inferenceId": inference_id,
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }
    return json.dumps(message)


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
