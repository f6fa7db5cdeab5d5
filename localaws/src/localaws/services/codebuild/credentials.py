"""The credentials of a build: a container credentials endpoint, as the SDKs know it from ECS."""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from localaws.core.call import Call, Response
from localaws.core.context import ACCOUNT_ID, Context, ContextFactory
from localaws.core.web import WebApplication
from localaws.core.wsgi import StartResponse, send

_PATH = re.compile(r"/_codebuild/credentials/([\w-]+)/([\w-]+)$")
# The SDKs ask for new credentials a quarter of an hour before these expire.
_RENEW_BEFORE = timedelta(minutes=15)


@dataclass
class _Grant:
    role_arn: str
    project_arn: str
    session_name: str
    credentials: dict[str, Any] | None = None


@dataclass
class BuildCredentials:
    """Which running build has which role."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _grants: dict[str, _Grant] = field(default_factory=dict)

    def grant(self, role_arn: str, project_arn: str, session_name: str) -> str:
        """Let a build have the credentials of a role. Returns the secret part of its path."""
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._grants[token] = _Grant(role_arn, project_arn, session_name)
        return token

    def revoke(self, token: str) -> None:
        """Let a build have no credentials any more."""
        with self._lock:
            self._grants.pop(token, None)

    def find(self, token: str, context: Context) -> dict[str, Any] | None:
        """The credentials of a build, renewed before they expire; None for an unknown token."""
        with self._lock:
            grant = self._grants.get(token)
        if grant is None:
            return None
        current = grant.credentials
        if current is None or current["Expiration"] - datetime.now(UTC) < _RENEW_BEFORE:
            sts = context.client("sts", acting=context.acting(grant.project_arn))
            current = sts.assume_role(RoleArn=grant.role_arn, RoleSessionName=grant.session_name)[
                "Credentials"
            ]
            grant.credentials = current
        return current


def url(context: Context, token: str) -> str:
    """The value of AWS_CONTAINER_CREDENTIALS_FULL_URI."""
    return f"{context.endpoint_url}/_codebuild/credentials/{context.region}/{token}"


def create(contexts: ContextFactory) -> WebApplication:
    """The application behind the URLs."""

    def answer(call: Call, start_response: StartResponse) -> Iterable[bytes]:
        found = _PATH.match(call.path)
        credentials = None
        if found and call.method == "GET":
            context = contexts(ACCOUNT_ID, found[1], "codebuild")
            credentials = context.shared(BuildCredentials).find(found[2], context)
        if credentials is None:
            text = {"code": "NotFound", "message": "there is no running build with this address"}
            return send(_json(404, text), start_response)
        document = {
            "AccessKeyId": credentials["AccessKeyId"],
            "SecretAccessKey": credentials["SecretAccessKey"],
            "Token": credentials["SessionToken"],
            "Expiration": credentials["Expiration"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return send(_json(200, document), start_response)

    return answer


def _json(status: int, document: dict[str, str]) -> Response:
    return Response(status, {"Content-Type": "application/json"}, json.dumps(document).encode())
