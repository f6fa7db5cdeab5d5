"""Requests to an API: signed with AWS credentials, or with the token of an issuer."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from landing_zone.core.errors import OperatorError

# API Gateway answers within 30 s.
TIMEOUT_SECONDS = 31.0


class UrlError(OperatorError):
    """Raised for a URL to which no credentials may be sent."""


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str]  # names in any case
    body: bytes

    @property
    def is_answer(self) -> bool:
        return 200 <= self.status < 300


class ApiSession:
    """Keeps connections open. With a token, requests carry it; otherwise they are signed for execute-api."""

    def __init__(
        self,
        credentials: Any,
        region: str,
        *,
        token: str = "",
        connections: int = 10,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        if not token and credentials is None:
            raise OperatorError(
                "no credentials to sign requests with. Sign in to AWS first (aws configure, aws sso login)"
            )
        self._credentials = credentials
        self._region = region
        self._token = token
        # Paths and fractions of a second are allowed; the type stubs know neither.
        options: dict[str, Any] = {
            "verify": os.environ.get("AWS_CA_BUNDLE") or True,
            "timeout": timeout_seconds,
            # As boto3 sets it. Without it the body of a request can wait 40 ms for the acknowledgement of its
            # headers, which would be measured as latency.
            "socket_options": [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        }
        self._session = URLLib3Session(max_pool_connections=connections, **options)

    def __enter__(self) -> ApiSession:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self._session.close()

    def send(
        self, method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Response:
        """Raise BotoCoreError when there is no answer."""
        request = AWSRequest(method, url, headers=dict(headers or {}), data=body)
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        else:
            # Temporary credentials are renewed while the session is in use.
            frozen = self._credentials.get_frozen_credentials()
            SigV4Auth(frozen, "execute-api", self._region).add_auth(request)
        answer = self._session.send(request.prepare())
        return Response(answer.status_code, answer.headers, answer.content)


def checked_url(url: str) -> str:
    """The URL, if credentials may be sent there: by https, or by http to this machine."""
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise UrlError("the URL has a user name or a password; requests are signed instead")
    if not parts.hostname or parts.scheme not in {"http", "https"}:
        raise UrlError(f"the URL is {url!r}; allowed: a URL such as https://example.com/infer")
    if parts.scheme == "http" and not _is_this_machine(parts.hostname):
        raise UrlError(
            f"the URL is {url!r}; allowed: https, since a request carries credentials. http is for this "
            "machine only"
        )
    return url


def read_token(path: Path) -> str:
    """The token in a file."""
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(f"{path} cannot be read: {error}") from error
    if not token or len(token.split()) != 1:
        raise OperatorError(f"{path} holds no token; allowed: one line with a token of the issuer")
    return token


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
