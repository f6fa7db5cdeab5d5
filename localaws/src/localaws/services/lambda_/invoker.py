"""Synchronous and asynchronous invocations of functions."""

from __future__ import annotations

import json
import logging
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from localaws.core.clock import Clock
from localaws.services.lambda_.environment import RuntimeSpec
from localaws.services.lambda_.invocation import Invocation, InvocationResult
from localaws.services.lambda_.pool import EnvironmentPool, ThrottledError

_log = logging.getLogger(__name__)

# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html: "two more times,
# with a one-minute wait between the first two attempts, and two minutes between the second and third".
RETRY_DELAYS_SECONDS = (60.0, 120.0)
DEFAULT_RETRY_ATTEMPTS = 2
DEFAULT_MAX_AGE_SECONDS = 21_600.0
_THROTTLE_DELAY_SECONDS = 1.0
_ASYNC_WORKERS = 16


@dataclass(frozen=True)
class AsyncSettings:
    """How often an event is tried, and where the record of its end goes."""

    retry_attempts: int = DEFAULT_RETRY_ATTEMPTS
    max_age_seconds: float = DEFAULT_MAX_AGE_SECONDS
    on_success: str | None = None
    on_failure: str | None = None
    dead_letter: str | None = None


@dataclass(frozen=True)
class ResolvedFunction:
    """A function at the time of an attempt: a retry runs the code that is deployed by then."""

    spec: RuntimeSpec
    arn: str
    reserved_concurrency: int | None
    role_arn: str = ""
    settings: AsyncSettings = AsyncSettings()


Deliver = Callable[[str, str, Any], None]
"""Sends a record to a destination: the destination's ARN, the role to use, the record."""


class Invoker:
    """Runs invocations of one account and region."""

    def __init__(self, pool: EnvironmentPool, clock: Clock, deliver: Deliver) -> None:
        self._pool = pool
        self._clock = clock
        self._deliver = deliver
        self._stopping = threading.Event()
        self._workers = ThreadPoolExecutor(_ASYNC_WORKERS, thread_name_prefix="lambda-event")

    def request(
        self, function: ResolvedFunction, payload: bytes, client_context: str | None = None
    ) -> InvocationResult:
        """Invoke and wait (RequestResponse).

        Raises:
            ThrottledError: no concurrency is left.
        """
        return self._attempt(function, payload, str(uuid.uuid4()), client_context)

    def event(self, resolve: Callable[[], ResolvedFunction], payload: bytes) -> str:
        """Queue an event (Event); returns its request id. Retries keep the id, as on AWS."""
        request_id = str(uuid.uuid4())
        self._workers.submit(self._run_event, resolve, payload, request_id)
        return request_id

    def close(self) -> None:
        """Drop the queued events. Running invocations end when the pool is closed."""
        self._stopping.set()
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _attempt(
        self,
        function: ResolvedFunction,
        payload: bytes,
        request_id: str,
        client_context: str | None = None,
    ) -> InvocationResult:
        invocation = Invocation(request_id, payload, function.arn, client_context=client_context)
        return self._pool.run(function.spec, invocation, function.reserved_concurrency)

    def _run_event(
        self, resolve: Callable[[], ResolvedFunction], payload: bytes, request_id: str
    ) -> None:
        try:
            self._attempt_until_done(resolve, payload, request_id)
        except Exception:
            _log.exception("event %s was lost", request_id)

    def _attempt_until_done(
        self, resolve: Callable[[], ResolvedFunction], payload: bytes, request_id: str
    ) -> None:
        started = self._clock.monotonic()
        attempts = 0
        result: InvocationResult | None = None
        condition = ""
        while not self._stopping.is_set():
            function = resolve()
            try:
                result = self._attempt(function, payload, request_id)
                attempts += 1
            except ThrottledError:
                # AWS keeps a throttled event for up to six hours and does not count it as an attempt.
                delay = _THROTTLE_DELAY_SECONDS
                condition = "EventAgeExceeded"
            else:
                if not result.function_error:
                    if function.settings.on_success:
                        record = self._record(
                            "Success", request_id, attempts, payload, result, function
                        )
                        self._deliver(function.settings.on_success, function.role_arn, record)
                    return
                condition = "RetriesExhausted"
                if attempts > function.settings.retry_attempts:
                    break
                delay = RETRY_DELAYS_SECONDS[min(attempts, len(RETRY_DELAYS_SECONDS)) - 1]
            if self._clock.monotonic() - started + delay > function.settings.max_age_seconds:
                condition = "EventAgeExceeded"
                break
            if self._clock.wait(self._stopping, delay):
                return
        else:
            return
        _log.warning("%s did not process event %s: %s", function.arn, request_id, condition)
        if function.settings.on_failure:
            record = self._record(condition, request_id, attempts, payload, result, function)
            self._deliver(function.settings.on_failure, function.role_arn, record)
        if function.settings.dead_letter:
            self._deliver(function.settings.dead_letter, function.role_arn, _json(payload))

    def _record(
        self,
        condition: str,
        request_id: str,
        attempts: int,
        payload: bytes,
        result: InvocationResult | None,
        function: ResolvedFunction,
    ) -> dict[str, Any]:
        # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
        record: dict[str, Any] = {
            "version": "1.0",
            "timestamp": self._clock.now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
            "requestContext": {
                "requestId": request_id,
                "functionArn": function.arn,
                "condition": condition,
                "approximateInvokeCount": attempts,
            },
            "requestPayload": _json(payload),
        }
        if result is not None:
            record["responseContext"] = {
                "statusCode": 200,
                "executedVersion": function.spec.version,
            }
            if result.function_error:
                record["responseContext"]["functionError"] = "Unhandled"
            record["responsePayload"] = _json(result.payload)
        return record


def _json(payload: bytes) -> Any:
    try:
        return json.loads(payload or b"{}")
    except ValueError:
        return payload.decode(errors="replace")
