"""The front door: which service and operation a request addresses, and who runs it."""

from __future__ import annotations

import json
import logging
import re
import threading
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationModel

from localaws.core.body import Environ, RequestBody
from localaws.core.context import ACCOUNT_ID, ContextFactory
from localaws.core.errors import AwsError, not_emulated
from localaws.core.provider import Provider
from localaws.core.wire.models import find_rest_operation, method_name, service_model
from localaws.core.wire.parse import parse_json, parse_rest_json
from localaws.core.wire.serialize import serialize, serialize_rest
from localaws.core.wire.validate import validate
from localaws.services import registry

WsgiApp = Callable[[Environ, Any], Iterable[bytes]]

_log = logging.getLogger(__name__)
_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/([^/]+)/([^/]+)/aws4_request")
_DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True)
class Call:
    """One request that a service of ours may run."""

    service_name: str
    region: str
    operation: OperationModel
    is_rest: bool = False


class Gateway:
    """The WSGI application of localaws.

    Args:
        moto: moto's WSGI application, for everything that no service of ours runs.
        context_factory: makes the context of a service in an account and region.
    """

    def __init__(self, moto: WsgiApp, context_factory: ContextFactory) -> None:
        self._moto = moto
        self._context_factory = context_factory
        self._providers: dict[tuple[str, str], Provider] = {}
        self._lock = threading.RLock()
        self._closed = False

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        request_id = str(uuid.uuid4())
        body = RequestBody(environ)
        try:
            call = self._identify(environ)
            if call is None:
                return self._call_moto(environ, start_response, request_id)
            provider = self.provider(call.service_name, call.region)
            run = provider.operation(method_name(call.operation.name))
            if run is None and not provider.delegates(call.operation.name):
                raise not_emulated(call.service_name, call.operation.name)
            if run is None:
                validate(call.operation, parse_json(call.operation, body.content()))
                return self._call_moto(environ, start_response, request_id)
            return self._call_ours(call, run, environ, body, start_response, request_id)
        except AwsError as error:
            body.discard()
            return _error_answer(error, start_response, request_id)
        except NotImplementedError as error:
            body.discard()
            return _error_answer(
                AwsError("NotImplementedException", f"localaws does not emulate this: {error}"),
                start_response,
                request_id,
            )
        except Exception as error:
            # 400, not 500: SDKs retry a 5xx for minutes, and this fault will not go away.
            _log.exception("request %s failed", request_id)
            body.discard()
            fault = AwsError("LocalAwsFault", f"a fault of localaws, see its log: {error!r}")
            return _error_answer(fault, start_response, request_id)

    def provider(self, service_name: str, region: str) -> Provider:
        """The instance that runs a service in a region, made on first use."""
        key = (service_name, region)
        with self._lock:
            if self._closed:
                raise AwsError("ServiceUnavailableException", "localaws is stopping")
            if key not in self._providers:
                context = self._context_factory(ACCOUNT_ID, region, service_name)
                self._providers[key] = registry.provider_class(service_name)(context)
            return self._providers[key]

    def close(self) -> None:
        """Stop every service of ours, for good."""
        with self._lock:
            self._closed = True
            providers, self._providers = list(self._providers.values()), {}
        for provider in providers:
            try:
                provider.close()
            except Exception:
                _log.exception("%s did not close", provider.service_name)

    def _identify(self, environ: Environ) -> Call | None:
        scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        region, signing_name = scope.groups() if scope else (_DEFAULT_REGION, "")
        prefix, _, operation = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
        for service_name in registry.SERVICE_NAMES:
            model = service_model(service_name)
            if model.signing_name != signing_name:
                continue
            if model.metadata.get("targetPrefix") == prefix and operation:
                if operation not in model.operation_names:
                    raise AwsError(
                        "UnknownOperationException",
                        f"{service_name} has no operation {operation!r}",
                    )
                return Call(service_name, region, model.operation_model(operation))
            if not prefix and "targetPrefix" not in model.metadata:
                found = find_rest_operation(
                    service_name, environ["REQUEST_METHOD"], _raw_path(environ)
                )
                if found:
                    return Call(service_name, region, found, is_rest=True)
        return None

    def _call_ours(
        self,
        call: Call,
        run: Callable[[dict[str, Any]], dict[str, Any] | None],
        environ: Environ,
        body: RequestBody,
        start_response: Any,
        request_id: str,
    ) -> Iterable[bytes]:
        if call.is_rest:
            query = dict(parse_qsl(environ.get("QUERY_STRING", "")))
            params = parse_rest_json(
                call.operation, _raw_path(environ), query, _headers(environ), body.content()
            )
        else:
            params = parse_json(call.operation, body.content())
        validate(call.operation, params)
        result = run(params) or {}
        if call.is_rest:
            status, headers, payload = serialize_rest(call.operation, result)
            return _answer(status, headers, payload, start_response, request_id)
        document = serialize(call.operation.output_shape, result)
        payload = json.dumps(document).encode()
        return _answer(
            200, {"Content-Type": "application/x-amz-json-1.1"}, payload, start_response, request_id
        )

    def _call_moto(self, environ: Environ, start_response: Any, request_id: str) -> Iterable[bytes]:
        seen: dict[str, Any] = {}

        def hold(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            seen.update(status=status, headers=headers, exc_info=exc_info)
            return lambda _data: None

        answer = self._moto(environ, hold)
        chunks = list(answer) if seen.get("status", "").startswith("404") else answer
        if isinstance(chunks, list) and b"".join(chunks).lower().startswith(b"<!doctype html"):
            # moto routes REST services by URL; what it does not know ends as werkzeug's own 404 page.
            return _error_answer(_unknown_to_moto(environ), start_response, request_id)
        start_response(seen["status"], seen["headers"], seen["exc_info"])
        return chunks


def _unknown_to_moto(environ: Environ) -> AwsError:
    scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    service = scope.group(2) if scope else "unsigned request"
    place = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
    try:
        found = find_rest_operation(service, environ["REQUEST_METHOD"], _raw_path(environ))
    except UnknownServiceError:
        found = None
    return not_emulated(service, found.name if found else place)


def _raw_path(environ: Environ) -> str:
    # PATH_INFO is already unquoted, which would turn a quoted slash in a label into a separator.
    raw: str = environ.get("REQUEST_URI") or environ.get("RAW_URI") or environ["PATH_INFO"]
    return raw.split("?")[0]


def _headers(environ: Environ) -> dict[str, str]:
    headers = {
        k[5:].replace("_", "-").lower(): v for k, v in environ.items() if k.startswith("HTTP_")
    }
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    return headers


def _answer(
    status: int, headers: dict[str, str], payload: bytes, start_response: Any, request_id: str
) -> list[bytes]:
    lines = [
        *headers.items(),
        ("Content-Length", str(len(payload))),
        ("x-amzn-RequestId", request_id),
    ]
    start_response(f"{status} {_phrase(status)}", lines)
    return [payload]


def _error_answer(error: AwsError, start_response: Any, request_id: str) -> list[bytes]:
    document = {
        "__type": error.code,
        "message": error.message,
        "Message": error.message,
    } | error.fields
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": error.code}
    return _answer(error.status, headers, json.dumps(document).encode(), start_response, request_id)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:  # AWS uses codes of its own: 530 is SageMaker's InternalDependencyException
        return "Error"
