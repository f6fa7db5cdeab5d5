"""Asynchronous events: retries, age, destinations."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from localaws.core.clock import Clock
from localaws.services.lambda_.environment import RuntimeSpec
from localaws.services.lambda_.invocation import Invocation, InvocationResult
from localaws.services.lambda_.invoker import AsyncSettings, Invoker, ResolvedFunction
from localaws.services.lambda_.pool import ThrottledError

SPEC = RuntimeSpec("f", "$LATEST", "main.handler", Path("code"), (), 3.0, 128, "/aws/lambda/f")
FAILED = InvocationResult(b'{"errorMessage": "no"}', function_error=True)
OK = InvocationResult(b'{"done": true}')


class FakePool:
    """Returns the given results or raises the given exceptions, then succeeds."""

    def __init__(self, *results: InvocationResult | Exception) -> None:
        self.results = list(results)
        self.invocations: list[Invocation] = []
        self.times: list[float] = []

    def run(
        self, spec: RuntimeSpec, invocation: Invocation, reserved: int | None
    ) -> InvocationResult:
        self.invocations.append(invocation)
        self.times.append(time.monotonic())
        result = self.results.pop(0) if self.results else OK
        if isinstance(result, Exception):
            raise result
        return result


class Sent:
    """What was delivered where."""

    def __init__(self) -> None:
        self.records: list[tuple[str, str, Any]] = []
        self.arrived = threading.Event()

    def __call__(self, arn: str, role_arn: str, record: Any) -> None:
        self.records.append((arn, role_arn, record))
        self.arrived.set()


def send(pool: FakePool, settings: AsyncSettings, scale: float = 2_000.0) -> Sent:
    sent = Sent()
    invoker = Invoker(pool, Clock(scale), sent)  # type: ignore[arg-type]
    function = ResolvedFunction(SPEC, "arn:function", None, "arn:role", settings)
    invoker.event(lambda: function, b'{"a": 1}')
    assert sent.arrived.wait(5)
    invoker.close()
    return sent


def test_two_retries_with_one_request_id_after_one_and_two_minutes() -> None:
    pool = FakePool(FAILED, FAILED, FAILED)
    sent = send(pool, AsyncSettings(on_failure="arn:queue"))
    assert len(pool.invocations) == 3
    assert len({invocation.request_id for invocation in pool.invocations}) == 1
    first, second = (b - a for a, b in zip(pool.times, pool.times[1:], strict=False))
    assert first >= 60 / 2_000
    assert second >= 120 / 2_000
    ((arn, role, record),) = sent.records
    assert (arn, role) == ("arn:queue", "arn:role")
    assert record["requestContext"] == {
        "requestId": pool.invocations[0].request_id,
        "functionArn": "arn:function",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    }
    assert record["requestPayload"] == {"a": 1}
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert record["responsePayload"] == {"errorMessage": "no"}


@pytest.mark.parametrize(("retries", "attempts"), [(0, 1), (1, 2)])
def test_fewer_retries_when_configured(retries: int, attempts: int) -> None:
    pool = FakePool(FAILED, FAILED, FAILED)
    send(pool, AsyncSettings(retry_attempts=retries, on_failure="arn:queue"))
    assert len(pool.invocations) == attempts


def test_a_success_goes_to_its_destination() -> None:
    pool = FakePool(FAILED)
    sent = send(pool, AsyncSettings(on_success="arn:topic", on_failure="arn:queue"))
    ((arn, _, record),) = sent.records
    assert arn == "arn:topic"
    assert record["requestContext"]["condition"] == "Success"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert record["responsePayload"] == {"done": True}


def test_a_throttle_is_no_attempt() -> None:
    pool = FakePool(ThrottledError("r"), ThrottledError("r"), OK)
    sent = send(pool, AsyncSettings(retry_attempts=0, on_success="arn:topic"))
    assert sent.records[0][2]["requestContext"]["approximateInvokeCount"] == 1


def test_an_event_that_is_too_old_is_given_up() -> None:
    pool = FakePool(*[FAILED] * 3)
    sent = send(pool, AsyncSettings(max_age_seconds=60, on_failure="arn:queue"))
    assert len(pool.invocations) == 1
    assert sent.records[0][2]["requestContext"]["condition"] == "EventAgeExceeded"


def test_a_dead_letter_queue_gets_the_event_itself() -> None:
    pool = FakePool(FAILED)
    sent = send(pool, AsyncSettings(retry_attempts=0, dead_letter="arn:queue"))
    assert json.dumps(sent.records[0][2]) == '{"a": 1}'


def test_a_request_returns_the_result_and_passes_a_throttle_on() -> None:
    pool = FakePool(OK, ThrottledError("r"))
    invoker = Invoker(pool, Clock(), Sent())  # type: ignore[arg-type]
    function = ResolvedFunction(SPEC, "arn:function", None)
    assert invoker.request(function, b"{}") is OK
    with pytest.raises(ThrottledError):
        invoker.request(function, b"{}")
    invoker.close()
