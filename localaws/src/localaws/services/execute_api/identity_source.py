"""The values of a request that identify its caller to an authorizer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from localaws.services.execute_api.request import Request

_SOURCE: Final = re.compile(
    r"\$request\.(?P<place>header|querystring)\.(?P<name>.+)|\$(?P<kind>context|stageVariables)\.(?P<member>.+)"
)


def values(request: Request, sources: Sequence[str]) -> list[str] | None:
    """The values of the identity sources in their order; None when one is missing or empty."""
    found = [_value(request, source) for source in sources]
    return None if not all(found) else [str(value) for value in found]


def _value(request: Request, source: str) -> str | None:
    parts = _SOURCE.fullmatch(source.replace("${", "$").rstrip("}"))
    if not parts:
        return None
    if parts["place"] == "header":
        return request.headers.get(parts["name"].lower())
    if parts["place"] == "querystring":
        return request.joined_query().get(parts["name"])
    if parts["kind"] == "stageVariables":
        return request.variables.get(parts["member"])
    return {
        "apiId": request.api.id,
        "httpMethod": request.method,
        "identity.sourceIp": request.source_ip,
        "path": request.path,
        "routeKey": request.route_key,
        "stage": request.stage.name,
    }.get(parts["member"])
