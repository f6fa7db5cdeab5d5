"""The gateway: which service and operation a request addresses, and what answers it."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationModel

from localaws.core.call import Call, Response, answering
from localaws.core.context import ACCOUNT_ID, ContextFactory
from localaws.core.errors import AwsError, not_emulated
from localaws.core.provider import Provider, ProviderFactory
from localaws.core.web import WebApplication, WebRoute
from localaws.core.wire.errors import error_response
from localaws.core.wire.models import (
    find_rest_operation,
    has_protocol,
    method_name,
    service_model,
)
from localaws.core.wire.parse import parse
from localaws.core.wire.protocol import Protocol, operation_name, protocol_of
from localaws.core.wire.serialize import serialize_response
from localaws.core.wire.validate import validate
from localaws.core.wsgi import Application, Environ, StartResponse, send

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Target:
    """The operation that a call addresses, of a service that localaws runs itself."""

    service_name: str
    operation: OperationModel


class Gateway:
    """Answers calls by the services of localaws, and by moto.

    Args:
        moto: moto's WSGI application, for every service that is not in ``services``.
        context_factory: makes the context of a service in an account and region.
        services: by botocore's name of a service, what makes its provider.
        routes: which requests are for something else than an API of AWS. The first match answers.
        admit: refuses a request to an API of AWS whose caller is unknown or may not make it, by raising
            an AwsError.
    """

    def __init__(
        self,
        moto: Application,
        context_factory: ContextFactory,
        services: Mapping[str, ProviderFactory],
        routes: Sequence[WebRoute] = (),
        admit: Callable[[Call], None] = lambda _call: None,
    ) -> None:
        self._moto = moto
        self._context_factory = context_factory
        self._services = services
        self._routes = routes
        self._admit = admit
        self._applications: dict[WebRoute, WebApplication] = {}
        self._providers: dict[tuple[str, str], Provider] = {}
        self._lock = threading.RLock()
        self._closed = False

    def answer(
        self, call: Call, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Run the operation that a call addresses.

        Args:
            call: the request.
            environ: the same request for moto, which reads WSGI.
            start_response: as in WSGI.
        """
        request_id = str(uuid.uuid4())
        try:
            return self._run(call, environ, start_response, request_id)
        except AwsError as refusal:
            error = refusal
        except NotImplementedError as missing:
            error = AwsError(
                "NotImplementedException", f"localaws does not emulate this: {missing}"
            )
        except Exception as fault:
            # 400, not 500: SDKs retry a 5xx for minutes, and this fault does not go away.
            _log.exception("request %s failed", request_id)
            error = AwsError("LocalAwsFault", f"a fault of localaws, see its log: {fault!r}")
        call.body.discard()
        return send(error_response(error, call, request_id), start_response)

    def provider(self, service_name: str, region: str) -> Provider:
        """The provider of a service in a region, made on first use."""
        key = (service_name, region)
        with self._lock:
            if self._closed:
                raise AwsError("ServiceUnavailableException", "localaws is stopping")
            if key not in self._providers:
                context = self._context_factory(ACCOUNT_ID, region, service_name)
                self._providers[key] = self._services[service_name](context)
            return self._providers[key]

    def close(self) -> None:
        """Stop every provider, for good."""
        with self._lock:
            self._closed = True
            providers, self._providers = list(self._providers.values()), {}
        for provider in providers:
            try:
                provider.close()
            except Exception:
                _log.exception("%s did not close", provider.service_name)

    def _run(
        self, call: Call, environ: Environ, start_response: StartResponse, request_id: str
    ) -> Iterable[bytes]:
        for route in self._routes:
            if route.matches(call):
                return self._application(route)(call, start_response)
        self._admit(call)
        target = self._identify(call)
        if target is None:
            return self._run_moto(call, environ, start_response)
        operation = target.operation
        provider = self.provider(target.service_name, call.region)
        run = provider.operation(method_name(operation.name))
        if run is None and not provider.delegates(operation.name):
            raise not_emulated(target.service_name, operation.name)
        params = parse(operation, call)
        validate(operation, params)
        if run is None:
            return self._run_moto(call, environ, start_response)
        with answering(call):
            result = run(params) or {}
        response = serialize_response(operation, result, protocol_of(call), request_id)
        headers = {**response.headers, "x-amzn-RequestId": request_id}
        return send(Response(response.status, headers, response.payload), start_response)

    def _application(self, route: WebRoute) -> WebApplication:
        with self._lock:
            if route not in self._applications:
                self._applications[route] = route.create(self._context_factory)
            return self._applications[route]

    def _identify(self, call: Call) -> _Target | None:
        target, _, name = call.headers.get("x-amz-target", "").rpartition(".")
        # A few services have a namespace before their name. boto3 sends it, the SDK for Go does not.
        prefix = target.rpartition(".")[2]
        for service_name in self._services:
            model = service_model(service_name)
            if model.signing_name != call.signing_name:
                continue
            protocol = protocol_of(call)
            if protocol is not Protocol.JSON and has_protocol(model, protocol.value):
                return _named(service_name, operation_name(call, protocol))
            target_prefix = model.metadata.get("targetPrefix")
            if name and target_prefix and target_prefix.rpartition(".")[2] == prefix:
                return _named(service_name, name)
            if not prefix and target_prefix is None:
                found = find_rest_operation(service_name, call.method, call.path)
                if found:
                    return _Target(service_name, found)
        return None

    def _run_moto(
        self, call: Call, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        seen: dict[str, Any] = {}

        def hold(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            seen.update(status=status, headers=headers, exc_info=exc_info)
            return lambda _data: None

        answer = self._moto(environ, hold)
        chunks = list(answer) if seen.get("status", "").startswith("404") else answer
        if isinstance(chunks, list) and b"".join(chunks).lower().startswith(b"<!doctype html"):
            # moto routes REST services by URL. For an unknown URL it answers with werkzeug's own 404 page.
            raise _unknown_to_moto(call)
        start_response(seen["status"], seen["headers"], seen["exc_info"])
        return chunks


def _named(service_name: str, name: str | None) -> _Target:
    model = service_model(service_name)
    if name is None or name not in model.operation_names:
        raise AwsError("UnknownOperationException", f"{service_name} has no operation {name!r}")
    return _Target(service_name, model.operation_model(name))


def _unknown_to_moto(call: Call) -> AwsError:
    service = call.signing_name
    try:
        found = find_rest_operation(service, call.method, call.path) if service else None
    except UnknownServiceError:
        found = None
    name = found.name if found else f"{call.method} {call.path}"
    return not_emulated(service or "unsigned request", name)
