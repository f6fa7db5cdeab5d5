"""InvokeEndpointAsync: a request whose input and answer are in S3."""

from __future__ import annotations

import threading
import uuid
from typing import Any, Final

from localaws.core.context import Context
from localaws.core.errors import AwsError
from localaws.core.provider import operation
from localaws.services.sagemaker.endpoints.asynchronous import Backlogs
from localaws.services.sagemaker_runtime.asynchronous import (
    AsyncInference,
    AsyncQueue,
    AsyncRequest,
)
from localaws.services.sagemaker_runtime.errors import wrong_kind
from localaws.services.sagemaker_runtime.invocation import Invocation
from localaws.services.sagemaker_runtime.invoker import Invoker

# API reference, InvokeEndpointAsync: the defaults of InvocationTimeoutSeconds and RequestTTLSeconds.
_TIMEOUT_SECONDS: Final = 900
_TTL_SECONDS: Final = 21_600
_REFUSED: Final = ("S3OutputPathExtension", "Filename")


class AsyncOperations:
    """InvokeEndpointAsync, and the queue of each endpoint.

    Args:
        context: the surroundings of the service.
        invoker: sends the requests.
    """

    def __init__(self, context: Context, invoker: Invoker) -> None:
        self._context, self._invoker = context, invoker
        self._closing = threading.Event()
        self._inference = AsyncInference(context, invoker.invoke, self._closing)
        self._lock = threading.Lock()
        self._queues: dict[str, AsyncQueue] = {}

    def close(self) -> None:
        """Start no further request."""
        self._closing.set()
        with self._lock:
            for queue in self._queues.values():
                queue.clear()

    @operation
    def invoke_endpoint_async(self, params: dict[str, Any]) -> dict[str, Any]:
        """Put a request into the queue of its endpoint."""
        for member in _REFUSED:
            if params.get(member):
                raise AwsError(
                    "ValidationError",
                    f"localaws does not emulate InvokeEndpointAsync with {member}={params[member]!r}. "
                    "Leave it out.",
                )
        location, body = params.get("InputLocation"), params.get("Body") or b""
        if (location is None) == (not body):
            raise AwsError("ValidationError", "Give either InputLocation or Body.")
        if location is not None and not location.startswith("s3://"):
            raise AwsError(
                "ValidationError", f"InputLocation is {location!r}, but must be an S3 URI."
            )
        name = params["EndpointName"]
        fleet = self._invoker.fleet(name)
        settings = fleet.plan.asynchronous
        if settings is None:
            raise wrong_kind(name)
        variant = fleet.variants[0]["VariantName"]
        inference_id = params.get("InferenceId") or str(uuid.uuid4())
        clock = self._context.clock
        request = AsyncRequest(
            Invocation(
                name, body, params.get("ContentType"), params.get("Accept"),
                params.get("CustomAttributes"), inference_id, asynchronous=True,
                seconds=params.get("InvocationTimeoutSeconds", _TIMEOUT_SECONDS),
            ),
            inference_id, str(uuid.uuid4()), location, settings, fleet.plan.models[variant].role_arn,
            clock.now(), clock.monotonic() + params.get("RequestTTLSeconds", _TTL_SECONDS),
        )  # fmt: skip
        instances = max(1, sum(map(fleet.ready_count, fleet.weights)))
        self._queue(name).put(request, settings.concurrency * instances)
        return {
            "InferenceId": inference_id,
            "OutputLocation": request.output_location,
            "FailureLocation": request.failure_location,
        }

    def _queue(self, name: str) -> AsyncQueue:
        with self._lock:
            if name not in self._queues:
                queue = AsyncQueue(self._context.clock, name, self._inference.run)
                self._queues[name] = queue
                self._context.shared(Backlogs).register(name, queue.backlog)
            return self._queues[name]
