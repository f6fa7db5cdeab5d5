"""What a load is sent to: an endpoint of SageMaker, or an API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from landing_zone.api.session import ApiSession, checked_url
from landing_zone.core.errors import OperatorError
from landing_zone.load.sender import Answer, Target

_TYPE = "text/csv"
# Ours, and that of SageMaker, which another API in front of an endpoint may pass on.
VARIANT_HEADERS = ("x-model-variant", "x-amzn-invoked-production-variant")
_DETAIL_LENGTH = 300
_TRIES = 3


class EndpointTarget:
    """An endpoint, called with InvokeEndpoint."""

    def __init__(self, runtime: Any, endpoint: str) -> None:
        self._runtime = runtime
        self._endpoint = endpoint

    def __str__(self) -> str:
        return f"endpoint {self._endpoint}"

    def send(self, body: bytes) -> Answer:
        try:
            answer = self._runtime.invoke_endpoint(
                EndpointName=self._endpoint, ContentType=_TYPE, Accept=_TYPE, Body=body
            )
            # Reading the answer belongs to the call.
            answer["Body"].read()
        except ClientError as error:
            return Answer(_code(error.response), _cut(str(error)))
        except BotoCoreError as error:
            return Answer(type(error).__name__, _cut(str(error)))
        return Answer(variant=answer.get("InvokedProductionVariant", ""))


class UrlTarget:
    """A URL of API Gateway; the session signs each request, or gives it a token."""

    def __init__(self, url: str, session: ApiSession) -> None:
        self._url = checked_url(url)
        self._session = session

    def __str__(self) -> str:
        return f"URL {self._url}"

    def send(self, body: bytes) -> Answer:
        try:
            response = self._session.send(
                "POST", self._url, body, {"Content-Type": _TYPE, "Accept": _TYPE}
            )
        except BotoCoreError as error:
            return Answer(type(error).__name__, _cut(str(error)))
        if not response.is_answer:
            return Answer(f"HTTP {response.status}", _cut(response.body.decode(errors="replace")))
        found = (response.headers.get(name, "") for name in VARIANT_HEADERS)
        return Answer(variant=next(filter(None, found), ""))


def require_answer(target: Target, body: bytes) -> None:
    """Send one request before the load: a target that cannot answer at all needs no load test."""
    answer = Answer()
    for _ in range(_TRIES):
        answer = target.send(body)
        if not answer.error:
            return
    raise OperatorError(
        f"{target} answers {answer.error} to {_TRIES} single requests, so no load was sent: "
        f"{answer.detail}"
    )


def _code(response: Mapping[str, Any]) -> str:
    """ThrottlingException; for an error of the container its status too, such as ModelError 503."""
    code = str(response.get("Error", {}).get("Code", "unknown"))
    status = response.get("OriginalStatusCode")
    return f"{code} {status}" if status else code


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _DETAIL_LENGTH else text[: _DETAIL_LENGTH - 1] + "…"
