"""Sending in virtual time: the figures are exact."""

from __future__ import annotations

import threading

import pytest

from landing_zone.load.results import evaluate, percentile
from landing_zone.load.sender import Answer, Record, Sender, SystemClock
from tests.unit.deployment_scripts.load.virtual import (
    FakeTarget,
    VirtualClock,
    constant,
    send,
    stall,
)


def test_a_steady_target_is_measured_as_it_is() -> None:
    load = constant(100, 10, connections=5)
    results = evaluate(load, send(load, lambda _: 0.02))

    assert (results.due, results.sent, results.successful, results.unsent) == (1000, 1000, 1000, 0)
    assert set(results.latency_ms.values()) == {20.0}
    assert (results.late, results.start_delay_ms["max"]) == (0, 0.0)
    assert results.reached_rate == pytest.approx(100, rel=0.002)


@pytest.mark.parametrize("connections", [1, 10, 50])
def test_a_stall_shows_in_the_percentiles(connections: int) -> None:
    """A second without answers, at 100 requests a second: 100 callers wait, the first a whole second."""
    load = constant(100, 10, connections)
    results = evaluate(load, send(load, stall(at=5, seconds=1)))
    latencies = results.latency_ms

    assert results.successful == 1000
    # 10 % of the requests came during the stall; their waits are spread evenly over the second.
    assert latencies["p50"] == pytest.approx(1, abs=0.1)
    assert latencies["p95"] == pytest.approx(500, abs=60)
    assert latencies["p99"] == pytest.approx(900, abs=60)
    assert latencies["max"] == pytest.approx(1000, abs=11)
    # All connections are taken soon; the requests after that are late, and this is said.
    assert (
        results.late == results.late_without_connection == pytest.approx(100 - connections, abs=10)
    )


def test_measured_from_the_sending_the_stall_would_hardly_show() -> None:
    """The mistake that is avoided: one connection has one slow answer, so p99 would be a millisecond."""
    record = send(constant(100, 10, connections=1), stall(at=5, seconds=1))
    from_sending = sorted(
        latency - delay for latency, delay in zip(record.latency, record.delay, strict=True)
    )

    assert percentile(from_sending, 99) == pytest.approx(0.001)
    assert sum(latency > 0.5 for latency in from_sending) == 1
    assert percentile(sorted(record.latency), 99) > 0.8


def test_a_target_that_is_too_slow_gets_what_it_can_take() -> None:
    """Two connections of 100 ms each answer 20 requests a second; 100 a second are due."""
    load = constant(100, 5, connections=2, timeout_seconds=5)
    results = evaluate(load, send(load, lambda _: 0.1))

    # Sent for 5 s of load and 5 s more, and nothing is sent forever.
    assert results.sent == pytest.approx(200, abs=4)
    assert results.sent + results.unsent == results.due == 500
    assert results.error_rate == results.unsent / 500
    assert results.reached_rate == pytest.approx(20, rel=0.05)
    # 200 latencies spread evenly from 0.1 to 8.1 s. The 300 that were not sent count with their wait, 5 to
    # 8 s: without them the median would look better.
    assert results.successful_latency_ms["p50"] == pytest.approx(4100, rel=0.03)
    assert results.latency_ms["p50"] == pytest.approx(6050, rel=0.03)
    assert results.late_without_connection > 190 and results.late_by_this_machine == 0


def test_rows_are_sent_in_turn_and_errors_are_counted_by_code() -> None:
    def answer_of(number: int) -> Answer:
        if number % 10 == 3:
            return Answer("ModelError 500", f"request {number}")
        return Answer(variant="A" if number % 2 else "B")

    clock = VirtualClock(1)
    target = FakeTarget(clock, lambda _: 0.001, answer_of)
    load = constant(10, 10, connections=1)
    sender = Sender(load, target, [b"a", b"b", b"c"], clock)
    sender.work()
    sender.close()
    results = evaluate(load, sender.record)

    assert target.bodies[:5] == [b"a", b"b", b"c", b"a", b"b"]
    assert [(e.name, e.count, e.share, e.detail) for e in results.errors] == [
        ("ModelError 500", 10, 0.1, "request 3")
    ]
    assert {v.name: (v.count, round(v.share, 3)) for v in results.variants} == {
        "A": (40, 0.444),
        "B": (50, 0.556),
    }


class Immediate:
    def __init__(self, fault: BaseException | None = None) -> None:
        self.fault = fault
        self.calls = 0
        self.threads: set[int] = set()

    def send(self, body: bytes) -> Answer:
        self.calls += 1
        self.threads.add(threading.get_ident())
        if self.fault:
            raise self.fault
        return Answer()


def test_run_uses_no_more_threads_than_connections() -> None:
    target = Immediate()
    record = Sender(constant(500, 0.2, connections=3), target, [b"x"], SystemClock()).run(
        lambda *_: None
    )

    assert len(record.due) == target.calls == 100
    assert len(target.threads) <= 3


def test_an_error_of_the_program_ends_the_test() -> None:
    target = Immediate(ZeroDivisionError("a mistake"))
    with pytest.raises(ZeroDivisionError, match="a mistake"):
        Sender(constant(100, 60), target, [b"x"], SystemClock()).run(lambda *_: None)
    assert target.calls <= 50


def test_an_interrupted_test_keeps_what_it_has() -> None:
    def interrupt(record: Record, _: float) -> None:
        assert record.due
        raise KeyboardInterrupt

    load = constant(20, 60, connections=2)
    record = Sender(load, Immediate(), [b"x"], SystemClock()).run(interrupt)
    results = evaluate(load, record)

    assert results.interrupted
    assert 15 <= results.sent <= results.due < 100
    # What became due while the threads ended is not missing.
    assert results.unsent <= load.connections
    assert results.reached_rate == pytest.approx(20, rel=0.5)
