"""InvokeEndpoint: a request to the fleet that has the endpoint's traffic."""

from __future__ import annotations

import time
from typing import Any

from localaws.core.context import Context
from localaws.core.errors import AwsError
from localaws.core.provider import Provider, operation
from localaws.services.sagemaker.endpoints.fleet import NoInstanceError, UnknownVariantError
from localaws.services.sagemaker.endpoints.instance import Instance
from localaws.services.sagemaker.endpoints.routes import EndpointRoutes, UnknownEndpointError
from localaws.services.sagemaker.serving.http import Answer, NoAnswerError
from localaws.services.sagemaker_runtime.metrics import InvocationMetrics

# sagemaker-runtime's service model, BodyBlob.
MAX_BODY_BYTES = 6 * 1024 * 1024
# Developer guide, your-algorithms-inference-code: a container has 60 seconds to answer.
INVOKE_SECONDS = 60.0
# Real seconds that a request waits for an instance whose process is being restarted.
_RESTART_SECONDS = 5.0
_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
_REFUSED = (
    "TargetModel", "TargetContainerHostname", "EnableExplanations", "InferenceComponentName", "SessionId",
    "PrefixAwareId",
)  # fmt: skip
_TIMED_OUT = (
    "Your invocation timed out while waiting for a response from container primary. Review the latency "
    "metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
)
_EXITED = "An error occurred while handling request as the model process exited."


class SageMakerRuntimeProvider(Provider):
    """sagemaker-runtime in one account and region."""

    service_name = "sagemaker-runtime"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._metrics = InvocationMetrics(context)

    @operation
    def invoke_endpoint(self, params: dict[str, Any]) -> dict[str, Any]:
        """Send the body to a container and return its answer."""
        started = time.monotonic()
        body: bytes = params.get("Body") or b""
        name = params["EndpointName"]
        for member in _REFUSED:
            if params.get(member):
                raise AwsError(
                    "ValidationError",
                    f"localaws does not emulate InvokeEndpoint with {member}={params[member]!r}. "
                    "Leave it out.",
                )
        if len(body) > MAX_BODY_BYTES:
            raise AwsError(
                "ValidationError",
                "1 validation error detected: Value at 'body' failed to satisfy constraint: Member must have "
                f"length less than or equal to {MAX_BODY_BYTES}; it has {len(body)}. Use a batch transform "
                "job for larger inputs.",
            )
        routes = self.context.shared(EndpointRoutes)
        deadline = time.monotonic() + _RESTART_SECONDS
        while True:
            left = max(0.0, deadline - time.monotonic())
            try:
                with routes.lease(name, params.get("TargetVariant"), left) as instance:
                    answer = self._send(instance, name, body, _headers(params), started)
                break
            except UnknownEndpointError:
                raise AwsError(
                    "ValidationError",
                    f"Endpoint {name} of account {self.context.account_id} not found.",
                ) from None
            except UnknownVariantError as error:
                raise AwsError(
                    "ValidationError", f"Variant {error} not found for endpoint {name}."
                ) from None
            except NoInstanceError as error:
                raise AwsError(
                    "ServiceUnavailable",
                    f"No instance of variant {error} of endpoint {name} can take a request now. "
                    f"See the log group {_log_group(name)}.",
                    status=503,
                ) from None
            except _NotSentError:
                # The container ended before it saw the request: another instance takes it.
                if time.monotonic() >= deadline:
                    raise self._model_error(name, 0, _EXITED) from None
                time.sleep(0.02)
        if not 200 <= answer.status < 300:
            raise self._model_error(name, answer.status, answer.body.decode("utf-8", "replace"))
        return {
            "Body": answer.body,
            "ContentType": answer.headers.get("content-type"),
            "InvokedProductionVariant": instance.variant,
            "CustomAttributes": answer.headers.get(_ATTRIBUTES.lower()),
        }

    def _send(
        self, instance: Instance, name: str, body: bytes, headers: dict[str, str], started: float
    ) -> Answer:
        sent = time.monotonic()
        try:
            answer = instance.invoke(body, headers, INVOKE_SECONDS)
            self._record(instance, name, answer.status, started, sent)
            return answer
        except NoAnswerError as error:
            if not error.sent:
                raise _NotSentError from error
            self._record(instance, name, 0, started, sent)
            raise self._model_error(name, 0, _TIMED_OUT if error.timed_out else _EXITED) from error

    def _record(
        self, instance: Instance, name: str, status: int, started: float, sent: float
    ) -> None:
        now = time.monotonic()
        self._metrics.record(
            name, instance.variant, instance.config_name,
            instances=instance.peers, status=status, seconds=now - started,
            model_seconds=now - sent,
        )  # fmt: skip

    def _model_error(self, endpoint: str, status: int, message: str) -> AwsError:
        region, account = self.context.region, self.context.account_id
        kind = "client" if 400 <= status < 500 else "server"
        group = _log_group(endpoint)
        return AwsError(
            "ModelError",
            f'Received {kind} error ({status}) from primary with message "{message}". See '
            f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
            f"#logEventViewer:group={group} in account {account} for more information.",
            status=424,
            fields={
                "OriginalStatusCode": status,
                "OriginalMessage": message,
                "LogStreamArn": self.context.arn("logs", f"log-group:{group}"),
            },
        )


class _NotSentError(Exception):
    """The container did not accept the connection."""


def _log_group(endpoint: str) -> str:
    return f"/aws/sagemaker/Endpoints/{endpoint}"


def _headers(params: dict[str, Any]) -> dict[str, str]:
    """The headers of the request that the container gets."""
    headers = {
        "Content-Type": params.get("ContentType"),
        "Accept": params.get("Accept"),
        _ATTRIBUTES: params.get("CustomAttributes"),
        "X-Amzn-SageMaker-Inference-Id": params.get("InferenceId"),
    }
    return {key: value for key, value in headers.items() if value is not None}
