"""Answers the requests to APIs."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from localaws.core.access import EXECUTE_API_HOST
from localaws.core.call import Call
from localaws.core.context import ACCOUNT_ID, Context, ContextFactory
from localaws.core.web import WebApplication
from localaws.core.wsgi import StartResponse
from localaws.services.apigatewayv2.apis import PATH
from localaws.services.apigatewayv2.records import DEFAULT_STAGE, Api, Stage, api_table
from localaws.services.execute_api import cors, integrations, routing
from localaws.services.execute_api.access_log import AccessLogs
from localaws.services.execute_api.authorization import Authorization
from localaws.services.execute_api.metrics import record
from localaws.services.execute_api.request import Answer, RefusedError, Request, decoded
from localaws.services.execute_api.throttle import Throttle

_HOST: Final = re.compile(EXECUTE_API_HOST)
_MAX_BYTES: Final = 10 * 1024 * 1024
_REGION: Final = "us-east-1"
_log = logging.getLogger(__name__)


class ExecuteApi:
    """The data plane of HTTP APIs in every region."""

    def __init__(self, context_factory: ContextFactory) -> None:
        self._context_factory = context_factory
        self._contexts: dict[str, Context] = {}
        self._table = api_table(self._context(_REGION))
        self._throttle = Throttle(self._context(_REGION).clock)
        self._authorization = Authorization(self._context)
        self._logs = AccessLogs(self._context)

    def __call__(self, call: Call, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request; the answer says nothing of localaws that API Gateway would not say."""
        started = time.monotonic()
        try:
            request = self._request(call)
        except RefusedError as refusal:
            call.body.discard()
            return _send(_refusal(refusal), "HEAD" if call.method == "HEAD" else "", start_response)
        try:
            answer = self._answer(request)
        except RefusedError as refusal:
            request.log["error.message"] = refusal.message
            request.log["error.responseType"] = refusal.kind
            _log.debug("%s %s -> %s: %s", call.method, call.path, refusal.status, refusal.reason)
            answer = _refusal(refusal)
        answer = cors.finish(request, answer)
        answer.headers.append(("apigw-requestid", request.id))
        milliseconds = (time.monotonic() - started) * 1000
        context = self._context(request.api.region)
        record(context, request, answer, milliseconds)
        self._logs.write(request, answer, milliseconds)
        return _send(answer, call.method, start_response)

    def _answer(self, request: Request) -> Answer:
        preflight = cors.preflight(request)
        if preflight is not None:
            return preflight
        request.match = routing.select(request.snapshot.routes, request.method, request.stage_path)
        if request.match is None:
            raise RefusedError(404, "Not Found", kind="ROUTE_NOT_FOUND")
        if len(request.body) > _MAX_BYTES:
            raise RefusedError(413, "Request Entity Too Large", kind="REQUEST_TOO_LARGE")
        self._throttle.take(request)
        self._authorization.check(request)
        return integrations.run(self._context(request.api.region), request)

    def _request(self, call: Call) -> Request:
        host = _HOST.fullmatch(call.headers.get("host", "").lower())
        api, path, domain = self._find(call, host)
        stage = _stage(api, path, explicit=host is None)
        if stage is None:
            raise RefusedError(404, "Not Found")
        if host is None and path.split("/")[1] == DEFAULT_STAGE:
            path = path[len(DEFAULT_STAGE) + 1 :] or "/"
        now = self._context(api.region).clock.now()
        deployment = api.deployed(stage, now)
        if deployment is None:
            raise RefusedError(404, "Not Found")
        # A body that is too large is read only as far as it takes to know.
        body = call.body.read(_MAX_BYTES + 1) if _is_large(call) else call.body.content()
        call.body.discard()
        return Request(
            method=call.method,
            path=path,
            raw_path=call.path,
            query_string=call.query_string,
            headers=call.headers,
            body=body,
            source_ip="127.0.0.1",
            protocol="HTTP/1.1",
            domain_name=domain,
            api=api,
            stage=stage,
            snapshot=deployment.snapshot,
            received=now,
        )

    def _find(self, call: Call, host: re.Match[str] | None) -> tuple[Api, str, str]:
        """The API, the path within it, and the name by which AWS would know its host."""
        if host:
            api_id, path = host["api"], call.path
        else:
            api_id, _, rest = call.path.removeprefix(PATH).partition("/")
            path = f"/{rest}"
        api = self._table.find(api_id)
        if api is None or (host and host["region"] != api.region):
            raise RefusedError(404, "Not Found")
        if api.record["DisableExecuteApiEndpoint"]:
            raise RefusedError(404, "Not Found")
        domain = f"{api.id}.execute-api.{api.region}.amazonaws.com"
        return api, decoded(path), domain

    def _context(self, region: str) -> Context:
        if region not in self._contexts:
            self._contexts[region] = self._context_factory(ACCOUNT_ID, region, "execute-api")
        return self._contexts[region]


def create(context_factory: ContextFactory) -> WebApplication:
    """The application of the route."""
    return ExecuteApi(context_factory)


def _stage(api: Api, path: str, *, explicit: bool) -> Stage | None:
    """The stage that a path addresses: by its first segment, or $default."""
    first = path.split("/")[1]
    if first in api.stages and (explicit or first != DEFAULT_STAGE):
        return api.stages[first]
    return api.stages.get(DEFAULT_STAGE)


def _is_large(call: Call) -> bool:
    return int(call.headers.get("content-length") or _MAX_BYTES + 1) > _MAX_BYTES


def _refusal(refusal: RefusedError) -> Answer:
    body = json.dumps({"message": refusal.message}, separators=(",", ":")).encode()
    headers = {"content-type": "application/json", **refusal.headers}
    return Answer(refusal.status, list(headers.items()), body)


def _send(answer: Answer, method: str, start_response: StartResponse) -> list[bytes]:
    try:
        phrase = HTTPStatus(answer.status).phrase
    except ValueError:
        phrase = "Unknown"
    length = [] if answer.status in {204, 304} else [("content-length", str(len(answer.body)))]
    start_response(f"{answer.status} {phrase}", [*answer.headers, *length])
    return [b"" if method == "HEAD" or answer.status in {204, 304} else answer.body]
