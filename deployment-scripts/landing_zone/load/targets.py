"""What a load is sent to: an endpoint of SageMaker, or a URL that AWS IAM protects."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.httpsession import URLLib3Session

from landing_zone.core.errors import OperatorError
from landing_zone.load.loads import UsageError
from landing_zone.load.sender import Answer, Target

_TYPE = "text/csv"
# SageMaker answers with it; an API in front of an endpoint may pass it on.
VARIANT_HEADER = "x-amzn-invoked-production-variant"
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
    """A URL of API Gateway with IAM authorization: each request is signed for the service execute-api."""

    def __init__(
        self, url: str, credentials: Any, region: str, connections: int, timeout_seconds: float
    ) -> None:
        self._url = checked_url(url)
        self._credentials = credentials
        self._region = region
        # Paths and fractions of a second are allowed; the type stubs know neither.
        options: dict[str, Any] = {
            "verify": os.environ.get("AWS_CA_BUNDLE") or True,
            "timeout": timeout_seconds,
            # As boto3 sets it. Without it the body of a request can wait 40 ms for the acknowledgement of its
            # headers, which would be measured as latency.
            "socket_options": [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        }
        self._session = URLLib3Session(max_pool_connections=connections, **options)

    def __str__(self) -> str:
        return f"URL {self._url}"

    def send(self, body: bytes) -> Answer:
        request = AWSRequest(
            "POST", self._url, headers={"Content-Type": _TYPE, "Accept": _TYPE}, data=body
        )
        try:
            # Temporary credentials are renewed while the test runs.
            frozen = self._credentials.get_frozen_credentials()
            SigV4Auth(frozen, "execute-api", self._region).add_auth(request)
            answer = self._session.send(request.prepare())
            text = answer.content
        except BotoCoreError as error:
            return Answer(type(error).__name__, _cut(str(error)))
        if not 200 <= answer.status_code < 300:
            return Answer(f"HTTP {answer.status_code}", _cut(text.decode(errors="replace")))
        return Answer(variant=answer.headers.get(VARIANT_HEADER, ""))


def checked_url(url: str) -> str:
    """The URL, if credentials may be sent there: by https, or by http to this machine."""
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise UsageError("--url has a user name or a password; requests are signed instead")
    if not parts.hostname or parts.scheme not in {"http", "https"}:
        raise UsageError(f"--url is {url!r}; allowed: a URL such as https://example.com/infer")
    if parts.scheme == "http" and not _is_this_machine(parts.hostname):
        raise UsageError(
            f"--url is {url!r}; allowed: https, since a signed request may hold a session token. http is "
            "for this machine only"
        )
    return url


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


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _code(response: Mapping[str, Any]) -> str:
    """ThrottlingException; for an error of the container its status too, such as ModelError 503."""
    code = str(response.get("Error", {}).get("Code", "unknown"))
    status = response.get("OriginalStatusCode")
    return f"{code} {status}" if status else code


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _DETAIL_LENGTH else text[: _DETAIL_LENGTH - 1] + "…"
