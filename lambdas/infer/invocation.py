"""Call an endpoint, and say what its errors are to a caller of the API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infer.requests import JSON, Refusal

_BUSY = {"ThrottlingException", "ModelNotReadyException", "TooManyRequestsException"}
_SILENT = {
    "ValidationError",
    "ServiceUnavailable",
    "InternalDependencyException",
    "InternalFailure",
}
# What a container says about a request is passed on up to this length.
_MOST_SAID = 1000


@dataclass(frozen=True)
class Predicted:
    body: bytes
    content_type: str
    variant: str


def invoke(
    runtime: Any, endpoint: str, body: bytes, content_type: str, accept: str, inference_id: str
) -> Predicted:
    """The endpoint's answer; raise Refusal 400, 413, 429, 502 or 504 when there is none."""
    try:
        answer = runtime.invoke_endpoint(
            EndpointName=endpoint,
            Body=body,
            ContentType=content_type,
            Accept=accept,
            InferenceId=inference_id,
        )
        return Predicted(
            answer["Body"].read(),
            answer.get("ContentType", JSON),
            answer.get("InvokedProductionVariant", ""),
        )
    except ClientError as error:
        raise _refusal(error) from error
    except BotoCoreError as error:  # no connection, or no answer in time
        raise _silent(error) from error


def _refusal(error: ClientError) -> Exception:
    code = error.response["Error"]["Code"]
    if code in _BUSY:
        return _busy(error)
    if code == "ModelError":
        return _of_the_model(error)
    # A ValidationError: the endpoint is gone, or not in service.
    return _silent(error) if code in _SILENT else error


def _of_the_model(error: ClientError) -> Refusal:
    details: Mapping[str, Any] = error.response
    status = int(details.get("OriginalStatusCode") or 0)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return _busy(error)
    if 400 <= status < 500:
        said = _said(str(details.get("OriginalMessage", "")))
        too_large = status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return Refusal(status if too_large else HTTPStatus.BAD_REQUEST, said)
    # 0: SageMaker got no answer; 503: the container is being stopped.
    if status in (0, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT):
        return _silent(error)
    return Refusal(HTTPStatus.BAD_GATEWAY, "The model failed to answer this request.", cause=error)


def _said(text: str) -> str:
    """The message of a container that answers {"error": "..."}, as ours does; nothing of any other."""
    try:
        message = json.loads(text)["error"]
    except (ValueError, KeyError, TypeError):
        message = None
    return message[:_MOST_SAID] if isinstance(message, str) else "The model refused this request."


def _busy(cause: object) -> Refusal:
    message = "The model has too many requests now. Try again later."
    return Refusal(HTTPStatus.TOO_MANY_REQUESTS, message, cause=cause)


def _silent(cause: object) -> Refusal:
    message = "The model does not answer. Try again later."
    return Refusal(HTTPStatus.GATEWAY_TIMEOUT, message, cause=cause)
