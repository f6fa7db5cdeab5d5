"""The ways to invoke a function: waiting for its answer, or handing the event over."""

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
from localaws.services.lambda_.environment import Outcome, RuntimeSpec
from localaws.services.lambda_.pool import EnvironmentPool, ThrottledError
from localaws.services.lambda_.runtime_api import Invocation

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
    """What becomes of an event that the function does not take."""

    retry_attempts: int = DEFAULT_RETRY_ATTEMPTS
    max_age_seconds: float = DEFAULT_MAX_AGE_SECONDS
    on_success: str | None = None
    on_failure: str | None = None
    dead_letter: str | None = None


@dataclass(frozen=True)
class Target:
    """A function, resolved at the moment of an attempt: a retry runs the code of its own time."""

    spec: RuntimeSpec
    function_arn: str
    reserved_concurrency: int | None
    role_arn: str = ""
    settings: AsyncSettings = AsyncSettings()


Deliver = Callable[[str, str, Any], None]
"""Sends a record to a destination: its ARN, the role that may, the record."""


class Invoker:
    """Runs invocations of one account and region."""

    def __init__(self, pool: EnvironmentPool, clock: Clock, deliver: Deliver) -> None:
        self._pool = pool
        self._clock = clock
        self._deliver = deliver
        self._stopping = threading.Event()
        self._workers = ThreadPoolExecutor(_ASYNC_WORKERS, thread_name_prefix="lambda-event")

    def request(self, target: Target, payload: bytes, client_context: str | None = None) -> Outcome:
        """Invoke and wait (RequestResponse).

        Raises:
            ThrottledError: no concurrency is left.
        """
        return self._attempt(target, payload, str(uuid.uuid4()), client_context)

    def event(self, resolve: Callable[[], Target], payload: bytes) -> str:
        """Queue an event (Event); returns its request id. Retries keep the id, as on AWS."""
        request_id = str(uuid.uuid4())
        self._workers.submit(self._run_event, resolve, payload, request_id)
        return request_id

    def close(self) -> None:
        """Drop what is queued; what runs ends with the pool."""
        self._stopping.set()
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _attempt(
        self, target: Target, payload: bytes, request_id: str, client_context: str | None = None
    ) -> Outcome:
        invocation = Invocation(
            request_id, payload, target.function_arn, client_context=client_context
        )
        return self._pool.run(target.spec, invocation, target.reserved_concurrency)

    def _run_event(self, resolve: Callable[[], Target], payload: bytes, request_id: str) -> None:
        try:
            self._attempt_until_done(resolve, payload, request_id)
        except Exception:
            _log.exception("the event %s was lost", request_id)

    def _attempt_until_done(
        self, resolve: Callable[[], Target], payload: bytes, request_id: str
    ) -> None:
        started = self._clock.monotonic()
        attempts = 0
        outcome: Outcome | None = None
        condition = ""
        while not self._stopping.is_set():
            target = resolve()
            try:
                outcome = self._attempt(target, payload, request_id)
                attempts += 1
            except ThrottledError:
                # AWS keeps a throttled event for up to six hours; a throttle is not an attempt.
                delay = _THROTTLE_DELAY_SECONDS
                condition = "EventAgeExceeded"
            else:
                if not outcome.function_error:
                    if target.settings.on_success:
                        record = self._record(
                            "Success", request_id, attempts, payload, outcome, target
                        )
                        self._deliver(target.settings.on_success, target.role_arn, record)
                    return
                condition = "RetriesExhausted"
                if attempts > target.settings.retry_attempts:
                    break
                delay = RETRY_DELAYS_SECONDS[min(attempts, len(RETRY_DELAYS_SECONDS)) - 1]
            if self._clock.monotonic() - started + delay > target.settings.max_age_seconds:
                condition = "EventAgeExceeded"
                break
            if self._clock.wait(self._stopping, delay):
                return
        else:
            return
        _log.warning("%s did not take the event %s: %s", target.function_arn, request_id, condition)
        if target.settings.on_failure:
            record = self._record(condition, request_id, attempts, payload, outcome, target)
            self._deliver(target.settings.on_failure, target.role_arn, record)
        if target.settings.dead_letter:
            self._deliver(target.settings.dead_letter, target.role_arn, _json(payload))

    def _record(
        self,
        condition: str,
        request_id: str,
        attempts: int,
        payload: bytes,
        outcome: Outcome | None,
        target: Target,
    ) -> dict[str, Any]:
        # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
        record: dict[str, Any] = {
            "version": "1.0",
            "timestamp": self._clock.now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
            "requestContext": {
                "requestId": request_id,
                "functionArn": target.function_arn,
                "condition": condition,
                "approximateInvokeCount": attempts,
            },
            "requestPayload": _json(payload),
        }
        if outcome is not None:
            record["responseContext"] = {"statusCode": 200, "executedVersion": target.spec.version}
            if outcome.function_error:
                record["responseContext"]["functionError"] = "Unhandled"
            record["responsePayload"] = _json(outcome.payload)
        return record


def _json(payload: bytes) -> Any:
    try:
        return json.loads(payload or b"{}")
    except ValueError:
        return payload.decode(errors="replace")
