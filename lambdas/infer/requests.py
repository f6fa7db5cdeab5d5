"""The event of API Gateway as a request, and the answers in the form that API Gateway expects.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

JSON = "application/json"


@dataclass(frozen=True)
class ApiRequest:
    """What a route needs of the event. `id` is given to the caller, the log and the endpoint."""

    route: str  # "POST /predict/{use_case}"
    id: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> ApiRequest:
        text = event.get("body") or ""
        body = base64.b64decode(text) if event.get("isBase64Encoded") else text.encode()
        return cls(
            route=event["routeKey"],
            id=event["requestContext"]["requestId"],
            parameters=event.get("pathParameters") or {},
            headers=event.get("headers") or {},
            body=body,
        )


class Refusal(Exception):  # noqa: N818  (an answer, not an error of ours)
    """A request without predictions as its answer. The message is for the caller, the cause for the log."""

    def __init__(
        self,
        status: int,
        message: str,
        problems: Sequence[Mapping[str, Any]] = (),
        *,
        cause: object = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.problems = problems
        self.cause = str(cause)


@dataclass(frozen=True)
class Answer:
    status: int
    body: str
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
        return cls(HTTPStatus.OK, json.dumps(document), headers=headers or {})

    @classmethod
    def refused(cls, refusal: Refusal, request_id: str) -> Answer:
        document: dict[str, Any] = {"message": str(refusal), "request_id": request_id}
        if refusal.problems:
            document["problems"] = list(refusal.problems)
        # The limits of a model are those of some seconds.
        waits = refusal.status == HTTPStatus.TOO_MANY_REQUESTS
        headers = {"retry-after": "1"} if waits else {}
        return cls(refusal.status, json.dumps(document), headers=headers)

    def as_event(self) -> dict[str, Any]:
        return {
            "statusCode": int(self.status),
            "headers": {
                "content-type": self.content_type,
                # An answer is for one caller, and it is never a page.
                "cache-control": "no-store",
                "x-content-type-options": "nosniff",
                **self.headers,
            },
            "body": self.body,
        }
