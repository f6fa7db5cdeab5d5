"""The errors of Lambda as exceptions of moto, whose dispatcher answers with their code and status."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError

# Quotas of Lambda: the payload of a synchronous and of an asynchronous invocation.
MAX_REQUEST_BYTES = 6_291_456
MAX_EVENT_BYTES = 1_048_576


class TooManyRequestsError(LambdaClientError):  # type: ignore[misc]  # moto has no types
    """No concurrency is left."""

    code = 429

    def __init__(self, reason: str) -> None:
        super().__init__("TooManyRequestsException", "Rate Exceeded.")
        self.description = json.dumps(
            {"Type": "User", "Reason": reason, "message": "Rate Exceeded."}
        )


class RequestTooLargeError(LambdaClientError):  # type: ignore[misc]  # moto has no types
    """The payload is over the quota."""

    code = 413

    def __init__(self, limit: int) -> None:
        super().__init__(
            "RequestTooLargeException",
            f"Request must be smaller than {limit} bytes for the InvokeFunction operation",
        )


@contextmanager
def moto_errors() -> Iterator[None]:
    """Give errors of moto that lack it their code."""
    # For code that is not in S3 moto raises ValueError(code, message), which would end as a 500.
    try:
        yield
    except ValueError as error:
        if len(error.args) == 2:
            raise LambdaClientError(*error.args) from error
        raise


def check_payload(payload: bytes, kind: str) -> None:
    """Refuse a payload that is too large or not JSON."""
    if kind not in {"RequestResponse", "Event", "DryRun"}:
        raise InvalidParameterValueException(
            f"InvocationType is {kind!r}; allowed: RequestResponse, Event, DryRun"
        )
    limit = MAX_EVENT_BYTES if kind == "Event" else MAX_REQUEST_BYTES
    if len(payload) > limit:
        raise RequestTooLargeError(limit)
    if payload:
        try:
            json.loads(payload)
        except ValueError as error:
            raise LambdaClientError(
                "InvalidRequestContentException",
                f"Could not parse request body into json: {error}",
            ) from error
