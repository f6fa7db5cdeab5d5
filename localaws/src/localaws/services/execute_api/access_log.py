"""Access logs: a line for each request, in the format of the stage.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from localaws.core.context import Context
from localaws.core.logs import LogWriter
from localaws.services.execute_api.events import epoch_ms, request_time
from localaws.services.execute_api.request import Answer, Request

_VARIABLE: Final = re.compile(r"\$context\.([A-Za-z0-9_]+(?:\.[A-Za-z0-9_:-]+)*)")
_IDENTITY: Final = {
    "accountId": "accountId",
    "caller": "callerId",
    "user": "userId",
    "userArn": "userArn",
}


class AccessLogs:
    """The log streams of the stages that have an access log."""

    def __init__(self, context_of: Callable[[str], Context]) -> None:
        self._context_of = context_of
        self._lock = threading.Lock()
        self._writers: dict[tuple[str, str, str], LogWriter] = {}

    def write(self, request: Request, answer: Answer, milliseconds: float) -> None:
        """Write the line of a request, if its stage has an access log."""
        settings = request.stage.record.get("AccessLogSettings")
        if not settings:
            return
        line = format_line(settings["Format"], request, answer, milliseconds)
        self._writer(request, settings["DestinationArn"]).write(line)

    def _writer(self, request: Request, destination: str) -> LogWriter:
        group = destination.split(":", 6)[6].removesuffix(":*")
        stream = f"{request.api.id}/{request.stage.name.strip('$')}"
        key = (request.api.region, group, stream)
        with self._lock:
            if key not in self._writers:
                context = self._context_of(request.api.region)
                self._writers[key] = context.log_writer(group, stream)
            return self._writers[key]


def format_line(text: str, request: Request, answer: Answer, milliseconds: float) -> str:
    """The line of a request, with the values of the variables in a format; "-" for one without a value."""
    values = _values(request, answer, milliseconds)

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name.startswith("authorizer."):
            return _authorizer(request, name.removeprefix("authorizer.")) or values.get(name) or "-"
        return values.get(name) or "-"

    return _VARIABLE.sub(value, text.rstrip("\n"))


def _values(request: Request, answer: Answer, milliseconds: float) -> Mapping[str, str]:
    iam = request.authorizer.get("iam", {})
    user_agent = request.headers.get("user-agent", "")
    latency = request.log.get("integrationLatency", "")
    status = request.log.get("integrationStatus", "")
    message = request.log.get("integrationErrorMessage", "")
    return {
        "accountId": request.api.account_id,
        "apiId": request.api.id,
        "dataProcessed": str(len(request.body) + len(answer.body)),
        "domainName": request.domain_name,
        "domainPrefix": request.domain_name.partition(".")[0],
        "error.messageString": json.dumps(request.log["error.message"])
        if "error.message" in request.log
        else "",
        "extendedRequestId": request.id,
        "httpMethod": request.method,
        "identity.sourceIp": request.source_ip,
        "identity.userAgent": user_agent,
        "integration.error": message,
        "integration.integrationStatus": status,
        "integration.latency": latency,
        "integration.status": request.log.get("integration.status", ""),
        "path": request.path,
        "protocol": request.protocol,
        "requestId": request.id,
        "requestTime": request_time(request),
        "requestTimeEpoch": str(epoch_ms(request)),
        "responseLatency": str(round(milliseconds)),
        "responseLength": str(len(answer.body)),
        "routeKey": request.route_key,
        "stage": request.stage.name,
        "status": str(answer.status),
        **{f"identity.{name}": iam.get(member) or "" for name, member in _IDENTITY.items()},
        **request.log,
    }


def _authorizer(request: Request, name: str) -> str:
    """A claim of a token (``claims.name``), or a value of the context of a Lambda authorizer."""
    claims: Mapping[str, Any] = request.authorizer.get("jwt", {}).get("claims", {})
    found = (
        claims.get(name.removeprefix("claims."))
        if name.startswith("claims.")
        else request.authorizer.get("lambda", {}).get(name)
    )
    return "" if found is None else found if isinstance(found, str) else json.dumps(found)
