"""A request to an API: what the client sent, and what is known about it on its way."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from localaws.services.apigatewayv2.records import Api, Snapshot, Stage

Headers = list[tuple[str, str]]
INVOKE: Final = "execute-api:Invoke"
"""The action that a caller needs to be allowed."""


@dataclass(frozen=True)
class Answer:
    """What the client gets."""

    status: int
    headers: Headers
    body: bytes


class RefusedError(Exception):
    """The gateway itself answers, with a JSON object that has one member, ``message``.

    Args:
        status: of the answer.
        message: for the client.
        reason: for the access log: what AWS does not tell the client.
        headers: of the answer.
        kind: why the gateway answers, as ``$context.error.responseType`` says it.
    """

    def __init__(
        self,
        status: int,
        message: str,
        reason: str = "",
        headers: Mapping[str, str] | None = None,
        kind: str = "DEFAULT",
    ) -> None:
        super().__init__(reason or message)
        self.status = status
        self.message = message
        self.reason = reason or message
        self.headers = dict(headers or {})
        self.kind = kind


@dataclass(frozen=True)
class Match:
    """The route of a request."""

    route: Mapping[str, Any]
    path_parameters: Mapping[str, str]

    @property
    def key(self) -> str:
        """The route key, for example ``GET /pets/{id}``."""
        return str(self.route["RouteKey"])


@dataclass
class Request:
    """One request. The first part is as the client sent it; the gateway fills in the rest."""

    method: str
    path: str
    """The path within the API, decoded; it begins with the name of the stage, except for $default."""
    raw_path: str
    """The whole path as it was sent, which is what a client signs."""
    query_string: str
    headers: Mapping[str, str]
    """By name in lower case. Values of the same name are joined by commas."""
    body: bytes
    source_ip: str
    protocol: str
    domain_name: str
    api: Api
    stage: Stage
    snapshot: Snapshot
    received: datetime
    id: str = field(default_factory=lambda: base64.b64encode(secrets.token_bytes(11)).decode())
    match: Match | None = None
    authorizer: dict[str, Any] = field(default_factory=dict)
    """By kind of authorization (iam, jwt, lambda), what it found out about the caller."""
    log: dict[str, str] = field(default_factory=dict)
    """Further variables of the access log by name, without ``$context.``."""

    @property
    def stage_path(self) -> str:
        """The path without the stage, by which the route is selected."""
        if self.stage.name == "$default":
            return self.path
        return self.path[len(self.stage.name) + 1 :] or "/"

    @property
    def query(self) -> list[tuple[str, str]]:
        """The parameters of the query, decoded, in the order in which they were sent."""
        return parse_qsl(self.query_string, keep_blank_values=True)

    @property
    def cookies(self) -> list[str]:
        """The cookies, as ``name=value``."""
        return [part.strip() for part in self.headers.get("cookie", "").split(";") if part.strip()]

    @property
    def variables(self) -> Mapping[str, str]:
        """The variables of the stage."""
        found: Mapping[str, str] = self.stage.record["StageVariables"]
        return found

    @property
    def route_key(self) -> str:
        """The key of the selected route; empty before it is selected."""
        return self.match.key if self.match else ""

    def joined_query(self) -> dict[str, str]:
        """The query with the values of the same name joined by commas."""
        joined: dict[str, list[str]] = {}
        for name, value in self.query:
            joined.setdefault(name, []).append(value)
        return {name: ",".join(values) for name, values in joined.items()}

    def arn(self, resource: str) -> str:
        """The ARN of a resource of this API."""
        return (
            f"arn:aws:execute-api:{self.api.region}:{self.api.account_id}:{self.api.id}/{resource}"
        )

    @property
    def invoked_arn(self) -> str:
        """The ARN on which a caller needs the permission execute-api:Invoke."""
        return self.arn(f"{self.stage.name}/{self.method}{self.stage_path}")

    @property
    def source_arn(self) -> str:
        """The ARN that a permission of a Lambda function names: that of the route, not of the path."""
        if self.route_key == "$default":
            return self.arn(f"{self.stage.name}/$default")
        return self.arn(f"{self.stage.name}/{self.method}{self.route_key.partition(' ')[2]}")

    def passed_headers(self) -> Iterator[tuple[str, str]]:
        """The headers that an integration gets, with those that API Gateway adds."""
        hidden = {"cookie", "connection", "keep-alive", "transfer-encoding", "upgrade"}
        # The signature is for API Gateway; whoever has it could repeat the request.
        if self.match and self.match.route["AuthorizationType"] == "AWS_IAM":
            hidden |= {"authorization", "x-amz-security-token"}
        for name, value in self.headers.items():
            if name not in hidden and not name.startswith("x-forwarded-"):
                yield name, value
        known = self.headers.get("x-forwarded-for")
        yield "x-forwarded-for", f"{known}, {self.source_ip}" if known else self.source_ip
        yield "x-forwarded-port", "443"
        yield "x-forwarded-proto", "https"


def decoded(path: str) -> str:
    """A path as API Gateway hands it on."""
    return unquote(path) or "/"
