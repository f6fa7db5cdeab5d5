"""The backend of Lambda: moto keeps the records, functions run as processes.

moto's own backends run functions in Docker containers, or not at all (``moto.awslambda_simple``).
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar
from urllib.parse import unquote

from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError
from moto.awslambda.models import EventInvokeConfig, LambdaBackend, LambdaFunction
from moto.awslambda.responses import LambdaResponse
from moto.awslambda.urls import url_paths as moto_url_paths

from localaws.core.context import Context
from localaws.services.backend import LocalBackend
from localaws.services.lambda_.code import CodeStore
from localaws.services.lambda_.destinations import deliver
from localaws.services.lambda_.environment import ExecutionEnvironment
from localaws.services.lambda_.errors import TooManyRequestsError, check_payload, moto_errors
from localaws.services.lambda_.function import ProcessFunction
from localaws.services.lambda_.invocation import InvocationResult
from localaws.services.lambda_.invoker import Invoker, ResolvedFunction
from localaws.services.lambda_.metrics import MeasuredPool
from localaws.services.lambda_.pool import EnvironmentPool, ThrottledError
from localaws.services.lambda_.settings import async_settings, runtime_spec


class LocalLambdaResponse(LambdaResponse):  # type: ignore[misc]  # moto has no types
    """moto reads ``qualifier`` instead of ``Qualifier`` and cuts answers off at 6,000,000 bytes."""

    def invoke(self) -> tuple[int, dict[str, str], bytes]:
        """Invoke."""
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
        # moto's dispatcher reads the status here.
        headers["status"] = str(status)
        return status, headers, payload or b""


@dataclass(frozen=True)
class _Runtime:
    """What runs the functions of an account and region."""

    code: CodeStore
    pool: EnvironmentPool
    invoker: Invoker

    @classmethod
    def of(cls, context: Context) -> _Runtime:
        pool = MeasuredPool(
            lambda spec, on_started: ExecutionEnvironment(spec, context, on_started), context
        )
        invoker = Invoker(pool, context.clock, partial(deliver, context))
        return cls(CodeStore(context.work_dir / "code"), pool, invoker)


class LocalLambdaBackend(LocalBackend, LambdaBackend):  # type: ignore[misc]  # moto has no types
    """Functions, and the execution environments that run them."""

    service_name: ClassVar[str] = "lambda"
    _created_runtime: _Runtime | None = None

    @property
    def url_paths(self) -> dict[str, Any]:
        """moto's paths, answered by :class:`LocalLambdaResponse`."""
        return {path.format(""): LocalLambdaResponse.dispatch for path in moto_url_paths}

    def close(self) -> None:
        """Close every execution environment."""
        if self._created_runtime is not None:
            self._created_runtime.invoker.close()
            self._created_runtime.pool.close()

    @property
    def _runtime(self) -> _Runtime:
        with self._creation_lock:
            if self._created_runtime is None:
                self._created_runtime = _Runtime.of(self.context)
            return self._created_runtime

    # --- records -------------------------------------------------------------------------------------

    def create_function(self, spec: dict[str, Any]) -> LambdaFunction:
        """As moto, but the record is a :class:`ProcessFunction`."""
        name = spec.get("FunctionName")
        if not name or not re.fullmatch(r"[a-zA-Z0-9-_]{1,64}", name.rsplit(":", 1)[-1]):
            raise InvalidParameterValueException(
                f"FunctionName {name!r} is not valid: use 1 to 64 letters, digits, hyphens or underscores"
            )
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
        """moto stores the code twice, the second time in the version that it has just published."""
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
        """As moto; its environments are closed."""
        name = self.get_function(function_name, qualifier).function_name
        super().delete_function(function_name, qualifier)
        self._retire(name)

    def put_function_event_invoke_config(
        self, function_name: str, config: dict[str, Any]
    ) -> dict[str, Any]:
        """moto appends a second configuration and keeps reading the first."""
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
        """RequestResponse (also for moto's SQS mapping, which sends no headers), Event or DryRun."""
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
        result = self._request(function, payload, headers.get("X-Amz-Client-Context"))
        if result.function_error:
            response_headers["x-amz-function-error"] = "Unhandled"
        tail = base64.b64encode(result.log_tail.encode()).decode()
        response_headers["x-amz-log-result"] = tail
        return result.payload

    def invoke_event(self, function: ProcessFunction, body: str | bytes) -> None:
        """Queue an event for a function."""
        payload = body.encode() if isinstance(body, str) else body
        self._runtime.invoker.event(lambda: self._resolve(function), payload or b"{}")

    def _request(
        self, function: ProcessFunction, payload: bytes, client_context: str | None
    ) -> InvocationResult:
        decoded = base64.b64decode(client_context).decode() if client_context else None
        try:
            return self._runtime.invoker.request(self._resolve(function), payload or b"{}", decoded)
        except ThrottledError as error:
            raise TooManyRequestsError(error.reason) from error

    def _resolve(self, function: ProcessFunction) -> ResolvedFunction:
        code = self._runtime.code
        return ResolvedFunction(
            runtime_spec(function, self.context, code, self.layers_versions_by_arn),
            function.function_arn,
            # Concurrency is reserved for all versions of a function; moto stores it with the latest.
            self.get_function(function.function_name).reserved_concurrency,
            function.role,
            async_settings(function),
        )

    def _retire(self, function_name: str) -> None:
        if self._created_runtime is not None:
            self._created_runtime.pool.retire(function_name)
