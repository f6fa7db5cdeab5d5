"""moto's Lambda, with functions that run.

:func:`install` sets the class from which ``moto.awslambda.models.lambda_backends`` makes its backends.
moto offers the same seam itself (``moto.awslambda_simple``); its own backend needs Docker.
"""

from __future__ import annotations

import base64
import re
import threading
from functools import partial
from typing import Any, ClassVar
from urllib.parse import unquote

from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError
from moto.awslambda.models import (
    EventInvokeConfig,
    LambdaBackend,
    LambdaFunction,
    lambda_backends,
)
from moto.awslambda.responses import LambdaResponse
from moto.awslambda.urls import url_paths as moto_url_paths

from localaws.core.context import Context, ContextFactory
from localaws.services.lambda_.code import CodeStore
from localaws.services.lambda_.destinations import deliver
from localaws.services.lambda_.environment import ExecutionEnvironment, Outcome
from localaws.services.lambda_.errors import TooManyRequestsError, check_payload, moto_errors
from localaws.services.lambda_.function import ProcessFunction
from localaws.services.lambda_.invoker import Invoker, Target
from localaws.services.lambda_.pool import EnvironmentPool, ThrottledError
from localaws.services.lambda_.settings import async_settings, runtime_spec


def install(context_factory: ContextFactory) -> None:
    """Make moto's Lambda backends ours: LambdaBackend runs functions in Docker containers."""
    LocalLambdaBackend.context_factory = staticmethod(context_factory)
    lambda_backends.backend = LocalLambdaBackend


class LocalLambdaResponse(LambdaResponse):  # type: ignore[misc]  # moto has no types
    """moto reads ``qualifier`` where the API has ``Qualifier``, and cuts answers at 6,000,000 bytes."""

    def invoke(self) -> tuple[int, dict[str, str], bytes]:
        headers: dict[str, str] = {}
        name = unquote(self.path.rsplit("/", 2)[-2])
        kind = self.headers.get("X-Amz-Invocation-Type") or "RequestResponse"
        payload = self.backend.invoke(
            name, self.querystring.get("Qualifier", [None])[0], self.body, self.headers, headers
        )
        if self.headers.get("X-Amz-Log-Type") != "Tail":
            headers.pop("x-amz-log-result", None)
        headers["Content-Type"] = "application/json"
        status = {"Event": 202, "DryRun": 204}.get(kind, 200)
        headers["status"] = str(status)  # moto's dispatcher reads the status here
        return status, headers, payload or b""


class LocalLambdaBackend(LambdaBackend):  # type: ignore[misc]  # moto has no types
    """Functions, and the execution environments that run them."""

    context_factory: ClassVar[ContextFactory]

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._context: Context | None = None
        self._starting = threading.Lock()

    @property
    def url_paths(self) -> dict[str, Any]:
        """moto's paths, answered by :class:`LocalLambdaResponse`."""
        return {path.format(""): LocalLambdaResponse.dispatch for path in moto_url_paths}

    def reset(self) -> None:
        """End every environment, then forget every function."""
        self.close()
        super().reset()

    def close(self) -> None:
        """End every environment."""
        if self._context is not None:
            self._invoker.close()
            self._pool.close()
            self._context = None

    # --- records -------------------------------------------------------------------------------------

    def create_function(self, spec: dict[str, Any]) -> LambdaFunction:
        """As moto, but the record is a :class:`ProcessFunction`."""
        name = spec.get("FunctionName")
        if not name or not re.fullmatch(r"[a-zA-Z0-9-_]{1,64}", name.rsplit(":", 1)[-1]):
            raise InvalidParameterValueException(f"FunctionName {name!r} is not valid")
        spec["FunctionName"] = name.rsplit(":", 1)[-1]
        with moto_errors():
            function = ProcessFunction(self.account_id, spec, self.region_name, version="$LATEST")
        self._lambdas.put_function(function)
        if spec.get("Publish"):
            return self.publish_version(spec["FunctionName"]) or function
        return function

    def update_function_code(
        self, function_name: str, qualifier: str, body: dict[str, Any]
    ) -> dict[str, Any] | None:
        """moto unpacks the code twice, the second time over the version it just published."""
        function = self.get_function(function_name, qualifier)
        with moto_errors():
            answer: dict[str, Any] = function.update_function_code(body)
        if not body.get("DryRun"):
            self._retire(function.function_name)
        if body.get("Publish"):
            published = self.publish_version(function.function_name)
            answer = published.get_configuration() if published else answer
        return answer

    def update_function_configuration(
        self, function_name: str, qualifier: str, body: dict[str, Any]
    ) -> dict[str, Any] | None:
        """As moto; the next invocation gets a new environment."""
        function = self.get_function(function_name, qualifier)
        answer: dict[str, Any] = function.update_configuration(body)
        self._retire(function.function_name)
        return answer

    def delete_function(self, function_name: str, qualifier: str | None = None) -> None:
        """As moto; its environments end."""
        name = self.get_function(function_name, qualifier).function_name
        super().delete_function(function_name, qualifier)
        self._retire(name)

    def put_function_event_invoke_config(
        self, function_name: str, config: dict[str, Any]
    ) -> dict[str, Any]:
        """moto appends a second configuration and goes on reading the first."""
        function = self.get_function(function_name)
        function.event_invoke_config = [
            EventInvokeConfig(function.function_arn, function.last_modified, config)
        ]
        answer: dict[str, Any] = function.event_invoke_config[0].response()
        return answer

    # --- invocations ---------------------------------------------------------------------------------

    def invoke(
        self,
        function_name: str,
        qualifier: str | None,
        body: Any,
        headers: Any,
        response_headers: Any,
    ) -> bytes | None:
        """RequestResponse (also moto's SQS mapping, which sends no headers), Event or DryRun."""
        function = self.get_function(function_name, qualifier)
        payload = body.encode() if isinstance(body, str) else body or b""
        kind = headers.get("X-Amz-Invocation-Type") or "RequestResponse"
        check_payload(payload, kind)
        response_headers["x-amz-executed-version"] = str(function.version)
        if kind == "DryRun":
            return b""
        refusal = function.refusal()
        if refusal:
            raise LambdaClientError("InvalidRuntimeException", refusal)
        if kind == "Event":
            self.invoke_event(function, payload)
            return b""
        outcome = self._request(function, payload, headers.get("X-Amz-Client-Context"))
        if outcome.function_error:
            response_headers["x-amz-function-error"] = "Unhandled"
        tail = base64.b64encode(outcome.log_tail.encode()).decode()
        response_headers["x-amz-log-result"] = tail
        return outcome.payload

    def invoke_event(self, function: ProcessFunction, body: str | bytes) -> None:
        """Queue an event for a function; returns at once."""
        payload = body.encode() if isinstance(body, str) else body or b"{}"
        self._start()
        self._invoker.event(lambda: self._target(function), payload or b"{}")

    def _request(
        self, function: ProcessFunction, payload: bytes, client_context: str | None
    ) -> Outcome:
        self._start()
        decoded = base64.b64decode(client_context).decode() if client_context else None
        try:
            return self._invoker.request(self._target(function), payload or b"{}", decoded)
        except ThrottledError as error:
            raise TooManyRequestsError(error.reason) from error

    def _target(self, function: ProcessFunction) -> Target:
        assert self._context is not None
        return Target(
            runtime_spec(function, self._context, self._code, self.layers_versions_by_arn),
            function.function_arn,
            # Concurrency is reserved for a function; moto keeps it at its latest version.
            self.get_function(function.function_name).reserved_concurrency,
            function.role,
            async_settings(function),
        )

    def _retire(self, function_name: str) -> None:
        if self._context is not None:
            self._pool.retire(function_name)

    def _start(self) -> None:
        with self._starting:
            if self._context is not None:
                return
            context = type(self).context_factory(self.account_id, self.region_name, "lambda")
            self._code = CodeStore(context.work_dir / "code")
            self._pool = EnvironmentPool(lambda spec: ExecutionEnvironment(spec, context))
            self._invoker = Invoker(self._pool, context.clock, partial(deliver, context))
            self._context = context
