"""What a route leads to: a Lambda function or an HTTP server."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import urllib3

from localaws.core.context import Context
from localaws.services.execute_api.events import event
from localaws.services.execute_api.functions import FunctionError, function_arn, invoke
from localaws.services.execute_api.request import Answer, RefusedError, Request
from localaws.services.execute_api.responses import MalformedResponseError, answer

_INTERNAL: Final = "Internal Server Error"
_UNAVAILABLE: Final = "Service Unavailable"
# What Lambda refuses for a reason that passes. Everything else is a fault of the configuration.
_BUSY: Final = frozenset({"TooManyRequestsException", "ServiceException", "Timeout"})
_HOP_BY_HOP: Final = frozenset(
    {
        "connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade",
    }
)  # fmt: skip
_http = urllib3.PoolManager(maxsize=16, retries=False)


def run(context: Context, request: Request) -> Answer:
    """Run the integration of the request's route.

    Raises:
        RefusedError: it did not give an answer.
    """
    assert request.match is not None
    target = str(request.match.route.get("Target", "")).removeprefix("integrations/")
    integration = request.snapshot.integrations.get(target)
    if integration is None:
        raise _failed(request, f"the route {request.route_key} has no integration")
    started = time.monotonic()
    try:
        if integration["IntegrationType"] == "HTTP_PROXY":
            return _http_proxy(request, integration)
        return _lambda_proxy(context, request, integration)
    finally:
        request.log["integrationLatency"] = str(round((time.monotonic() - started) * 1000))


def _lambda_proxy(context: Context, request: Request, integration: Mapping[str, Any]) -> Answer:
    version = integration["PayloadFormatVersion"]
    try:
        result = invoke(
            context,
            function_arn(integration["IntegrationUri"], request.variables),
            json.dumps(event(request, version)).encode(),
            source_arn=request.source_arn,
            credentials_arn=integration.get("CredentialsArn"),
            seconds=integration["TimeoutInMillis"] / 1000,
        )
        request.log["integrationStatus"] = "200"
        found = answer(result, version)
    except FunctionError as error:
        if error.code == "RequestTooLargeException":
            raise RefusedError(413, "Request Entity Too Large", str(error)) from error
        raise _failed(request, f"{error.code}: {error}", busy=error.code in _BUSY) from error
    except MalformedResponseError as error:
        raise _failed(request, str(error)) from error
    request.log["integration.status"] = str(found.status)
    return found


def _http_proxy(request: Request, integration: Mapping[str, Any]) -> Answer:
    assert request.match is not None
    url = _filled(integration["IntegrationUri"], request)
    if request.query_string:
        url += ("&" if "?" in url else "?") + request.query_string
    method = integration["IntegrationMethod"]
    headers = {
        name: value
        for name, value in request.passed_headers()
        if name not in _HOP_BY_HOP and name != "host"
    }
    if request.cookies:
        headers["cookie"] = "; ".join(request.cookies)
    headers["forwarded"] = f"for={request.source_ip};host={request.domain_name};proto=https"
    headers["via"] = f"{request.protocol} AmazonAPIGateway"
    try:
        found = _http.request(
            request.method if method == "ANY" else method, url, headers=headers, body=request.body,
            redirect=False, timeout=integration["TimeoutInMillis"] / 1000, decode_content=False,
        )  # fmt: skip
    except urllib3.exceptions.HTTPError as error:
        raise _failed(request, str(error), busy=True) from error
    request.log["integrationStatus"] = request.log["integration.status"] = str(found.status)
    kept = [(k.lower(), v) for k, v in found.headers.items() if k.lower() not in _HOP_BY_HOP]
    return Answer(found.status, kept, found.data)


def _filled(uri: str, request: Request) -> str:
    """A URI with the variables of the path and of the stage in the place of their names."""
    assert request.match is not None
    values = request.match.path_parameters
    uri = re.sub(
        r"\$\{stageVariables\.(\w+)\}", lambda name: request.variables.get(name[1], ""), uri
    )
    return re.sub(
        r"\{([^{}]+?)\+?\}",
        lambda name: quote(values.get(name[1], ""), safe="/!$&'()*+,;=:@~"),
        uri,
    )


def _failed(request: Request, reason: str, *, busy: bool = False) -> RefusedError:
    request.log["integrationErrorMessage"] = reason
    status, message = (503, _UNAVAILABLE) if busy else (500, _INTERNAL)
    return RefusedError(status, message, reason, kind="INTEGRATION_FAILURE")
