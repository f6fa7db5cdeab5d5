"""Brings a request to a container of the fleet that has the endpoint's traffic."""

from __future__ import annotations

import time
from typing import Final

from localaws.core.context import Context
from localaws.core.errors import AwsError
from localaws.services.sagemaker.capture.lines import Captured
from localaws.services.sagemaker.endpoints.fleet import (
    Fleet,
    Lease,
    NoInstanceError,
    UnknownVariantError,
)
from localaws.services.sagemaker.endpoints.routes import EndpointRoutes, UnknownEndpointError
from localaws.services.sagemaker.endpoints.serverless import TooManyRequestsError
from localaws.services.sagemaker.serving.http import Answer, NoAnswerError
from localaws.services.sagemaker.serving.plan import PRIMARY
from localaws.services.sagemaker_runtime.errors import EndpointNotFoundError
from localaws.services.sagemaker_runtime.invocation import Invocation, Result
from localaws.services.sagemaker_runtime.lease_check import check_lease
from localaws.services.sagemaker_runtime.metrics import InvocationMetrics
from localaws.services.sagemaker_runtime.shadow import Mirror

# Real seconds that a request waits for an instance whose process is being restarted.
_RESTART_SECONDS: Final = 5.0
_TIMED_OUT: Final = (
    "Your invocation timed out while waiting for a response from container {}. Review the latency metrics "
    "for each container in Amazon CloudWatch, resolve the issue, and try again."
)
_EXITED: Final = "An error occurred while handling request as the model process exited."


class Invoker:
    """Sends requests, counts them in the metrics, and captures them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._routes = context.shared(EndpointRoutes)
        self._metrics = InvocationMetrics(context)
        self._mirror = Mirror(lambda lease, invocation: self._send(lease, invocation, None))

    def close(self) -> None:
        """Forget what waits to be copied to a shadow variant."""
        self._mirror.close()

    def fleet(self, endpoint: str) -> Fleet:
        """The fleet that has most of an endpoint's traffic.

        Raises:
            AwsError: ValidationError, there is none.
        """
        fleets = self._routes.fleets().get(endpoint)
        if not fleets:
            raise EndpointNotFoundError(endpoint, self._context.account_id)
        return fleets[0]

    def invoke(self, invocation: Invocation) -> Result:
        """The answer of a container with a status of 2xx.

        Raises:
            AwsError: ValidationError, ServiceUnavailable, ThrottlingException or ModelError.
        """
        started = time.monotonic()
        name = invocation.endpoint
        deadline = started + _RESTART_SECONDS
        while True:
            left = max(0.0, deadline - time.monotonic())
            try:
                with self._routes.lease(name, invocation.target_variant, left) as lease:
                    check_lease(lease, invocation)
                    try:
                        answer = self._send(lease, invocation, started)
                    finally:
                        if lease.fleet.shadows:
                            self._mirror.copy(lease.fleet, lease.instance.variant, invocation)
                    return Result(answer, lease.instance.variant)
            except UnknownEndpointError:
                raise EndpointNotFoundError(name, self._context.account_id) from None
            except UnknownVariantError as error:
                raise AwsError(
                    "ValidationError", f"Variant {error} not found for endpoint {name}."
                ) from None
            except TooManyRequestsError:
                raise AwsError("ThrottlingException", "Rate exceeded", status=429) from None
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
                    raise self._model_error(name, PRIMARY, 0, _EXITED) from None
                time.sleep(0.02)

    def _send(self, lease: Lease, invocation: Invocation, started: float | None) -> Answer:
        """Send a request to an instance, and record it.

        Args:
            lease: the instance.
            invocation: the request.
            started: when it arrived; None for a copy.

        Raises:
            AwsError: ModelError, also for an answer that is not 2xx.
        """
        sent = time.monotonic()
        started = started or sent
        name = invocation.endpoint
        try:
            answer = lease.instance.invoke(
                invocation.body, invocation.headers, invocation.seconds, invocation.target_container
            )
        except NoAnswerError as error:
            if not error.sent:
                raise _NotSentError from error
            self._record(lease, name, 0, started, sent)
            message = _TIMED_OUT.format(error.container) if error.timed_out else _EXITED
            raise self._model_error(name, error.container, 0, message) from error
        self._record(lease, name, answer.status, started, sent)
        if not 200 <= answer.status < 300:
            text = answer.body.decode("utf-8", "replace")
            raise self._model_error(name, answer.container, answer.status, text)
        self._capture(lease, invocation, answer)
        return answer

    def _record(self, lease: Lease, name: str, status: int, started: float, sent: float) -> None:
        now = time.monotonic()
        self._metrics.record(
            name, lease.instance.variant, lease.fleet.config_name,
            instances=lease.peers, status=status, seconds=now - started, model_seconds=now - sent,
            setup_seconds=lease.setup_seconds,
        )  # fmt: skip

    def _capture(self, lease: Lease, invocation: Invocation, answer: Answer) -> None:
        """Hand the request to the data capture of the fleet. An error answer is not captured."""
        capture = lease.fleet.capture
        if capture is not None and capture.wants():
            capture.add(
                Captured(
                    lease.instance.variant,
                    self._context.clock.now(),
                    invocation.body,
                    invocation.content_type,
                    answer.body,
                    answer.headers.get("content-type"),
                    invocation.inference_id,
                    invocation.custom_attributes,
                )
            )

    def _model_error(self, endpoint: str, container: str, status: int, message: str) -> AwsError:
        region, account = self._context.region, self._context.account_id
        kind = "client" if 400 <= status < 500 else "server"
        group = _log_group(endpoint)
        return AwsError(
            "ModelError",
            f'Received {kind} error ({status}) from {container} with message "{message}". See '
            f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
            f"#logEventViewer:group={group} in account {account} for more information.",
            status=424,
            fields={
                "OriginalStatusCode": status,
                "OriginalMessage": message,
                "LogStreamArn": self._context.arn("logs", f"log-group:{group}"),
            },
        )


class _NotSentError(Exception):
    """The container did not accept the connection."""


def _log_group(endpoint: str) -> str:
    return f"/aws/sagemaker/Endpoints/{endpoint}"
