"""Cross-origin requests of web pages, by the CORS configuration of an API.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.services.execute_api.request import Answer, Headers, Request


def preflight(request: Request) -> Answer | None:
    """The answer to a preflight request of a browser; None for another request, or without CORS."""
    configuration = request.snapshot.cors
    is_preflight = (
        request.method == "OPTIONS"
        and "origin" in request.headers
        and "access-control-request-method" in request.headers
    )
    return Answer(204, [], b"") if configuration and is_preflight else None


def finish(request: Request, answer: Answer) -> Answer:
    """The answer with the headers of the configuration, in place of those of the integration."""
    configuration = request.snapshot.cors
    if not configuration:
        return answer
    kept = [(n, v) for n, v in answer.headers if not n.startswith("access-control-")]
    return Answer(answer.status, kept + _headers(request, configuration), answer.body)


def _headers(request: Request, configuration: Mapping[str, Any]) -> Headers:
    origin = request.headers.get("origin")
    if origin is None:
        return []
    allowed = configuration.get("AllowOrigins", [])
    if "*" in allowed:
        found: Headers = [("access-control-allow-origin", "*")]
    elif any(_allows(pattern, origin) for pattern in allowed):
        found = [("access-control-allow-origin", origin), ("vary", "Origin")]
    else:
        return []
    if configuration.get("AllowCredentials"):
        found.append(("access-control-allow-credentials", "true"))
    if request.method == "OPTIONS" and "access-control-request-method" in request.headers:
        for name, member in (("methods", "AllowMethods"), ("headers", "AllowHeaders")):
            if configuration.get(member):
                found.append((f"access-control-allow-{name}", ",".join(configuration[member])))
        if configuration.get("MaxAge") is not None:
            found.append(("access-control-max-age", str(configuration["MaxAge"])))
    elif configuration.get("ExposeHeaders"):
        found.append(("access-control-expose-headers", ",".join(configuration["ExposeHeaders"])))
    return found


def _allows(pattern: str, origin: str) -> bool:
    """Whether a pattern allows an origin: the origin itself, or ``https://*`` for every one of a scheme."""
    return pattern == origin or (pattern.endswith("://*") and origin.startswith(pattern[:-1]))
