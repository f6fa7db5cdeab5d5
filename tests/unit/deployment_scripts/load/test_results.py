from __future__ import annotations

import json
import math
import random
from array import array

import pytest

from landing_zone.load.results import evaluate, latency_of, percentile
from landing_zone.load.sender import Answer, Record
from landing_zone.load.thresholds import Limits, judge
from tests.unit.deployment_scripts.load.virtual import constant


def record_of(
    latencies: list[float], rate: float = 100, errors: dict[int, str] | None = None
) -> Record:
    """Requests of a constant rate with these latencies in seconds; some of them failed."""
    record = Record(elapsed=len(latencies) / rate)
    for number, latency in enumerate(latencies):
        answer = Answer((errors or {}).get(number, ""), variant="AllTraffic")
        record.add(number / rate, 0.0, latency, answer)
    return record


@pytest.mark.parametrize(
    ("percent", "expected"), [(50, 500), (90, 900), (95, 950), (99, 990), (99.9, 999), (100, 1000)]
)
def test_percentiles_of_the_numbers_to_a_thousand(percent: float, expected: float) -> None:
    assert percentile(range(1, 1001), percent) == expected


def test_percentiles_of_few_values() -> None:
    assert [percentile([7.0], percent) for percent in (0, 50, 99.9)] == [7.0, 7.0, 7.0]
    assert percentile([1.0, 2.0], 50) == 1.0
    assert percentile([1.0, 2.0], 50.1) == 2.0
    assert latency_of([]) == {}


def test_percentiles_of_known_distributions() -> None:
    source = random.Random(7)
    count = 200_000
    uniform = latency_of([source.uniform(0, 1) for _ in range(count)])
    exponential = latency_of([source.expovariate(1.0) for _ in range(count)])
    normal = latency_of([source.lognormvariate(0.0, 0.5) for _ in range(count)])
    for name, percent, deviation in (
        ("p50", 50, 0.0),
        ("p90", 90, 1.281552),
        ("p99", 99, 2.326348),
        ("p99.9", 99.9, 3.090232),
    ):
        assert uniform[name] == pytest.approx(percent * 10, rel=0.01)
        expected = -math.log(1 - percent / 100) * 1000
        assert exponential[name] == pytest.approx(expected, rel=0.04)
        assert normal[name] == pytest.approx(math.exp(deviation * 0.5) * 1000, rel=0.04)


def test_the_course_and_the_histogram_count_every_request() -> None:
    load = constant(100, 10)
    record = record_of(
        [0.001 * (number % 50 + 1) for number in range(990)], errors={5: "E", 6: "E"}
    )
    record.unsent = array("d", [9.9 + number / 100 for number in range(10)])
    record.elapsed = 12.0
    results = evaluate(load, record)

    assert [interval.seconds for interval in results.over_time] == [0.2] * 50
    assert sum(interval.successful for interval in results.over_time) == results.successful == 988
    assert sum(interval.failed for interval in results.over_time) == results.failed == 2
    assert sum(interval.unsent for interval in results.over_time) == results.unsent == 10
    assert results.over_time[0].failed == 2
    assert results.over_time[-1].latency_ms["max"] == pytest.approx(2100)
    assert sum(found.count for found in results.histogram) == results.sent == 990
    for found in results.histogram:
        assert found.count == sum(
            found.low_ms <= latency * 1000 * (1 + 1e-9)
            and latency * 1000 * (1 + 1e-9) < found.high_ms
            for latency in record.latency
        )
    assert json.loads(json.dumps(results.as_json()))["due"] == 1000


def test_a_histogram_has_the_extreme_values() -> None:
    results = evaluate(constant(2, 1), record_of([0.0, 100.0], rate=2))

    assert results.histogram[0].count == results.histogram[-1].count == 1
    assert sum(found.count for found in results.histogram) == 2


def test_thresholds_that_are_met_exactly() -> None:
    results = evaluate(constant(100, 1), record_of([0.01] * 100, errors={0: "E"}))
    found = judge(results, Limits(max_p99_ms=10, max_error_rate=0.01, min_rate=99))

    assert [str(verdict) for verdict in found] == [
        "met: p99 latency 10.0 ms, allowed at most 10 ms",
        "met: error rate 1 %, allowed at most 1 %",
        "met: successful requests a second 99.0, allowed at least 99",
    ]


def test_thresholds_that_are_not_met() -> None:
    results = evaluate(constant(100, 1), record_of([0.0101] * 100, errors={0: "E", 1: "E"}))
    found = judge(results, Limits(max_p99_ms=10, max_error_rate=0.01, min_rate=99))

    assert [verdict.met for verdict in found] == [False, False, False]
    assert str(found[0]) == "NOT MET: p99 latency 10.1 ms, allowed at most 10 ms"


def test_fast_errors_do_not_hide_slow_answers_nor_time_outs_fast_ones() -> None:
    """98 % fast refusals and 2 slow answers; then 98 fast answers and 2 % time-outs."""
    refused = evaluate(
        constant(1000, 1),
        record_of([0.001] * 980 + [2.0] * 20, 1000, dict.fromkeys(range(980), "E")),
    )
    timed_out = evaluate(
        constant(1000, 1),
        record_of([0.001] * 980 + [60.0] * 20, 1000, dict.fromkeys(range(980, 1000), "E")),
    )
    for results in (refused, timed_out):
        assert [verdict.met for verdict in judge(results, Limits(max_p99_ms=100))] == [False]


def test_without_a_success_or_with_an_interruption_nothing_is_met() -> None:
    failed = evaluate(constant(10, 1), record_of([0.01] * 10, 10, dict.fromkeys(range(10), "E")))
    found = judge(failed, Limits(max_p99_ms=100))
    assert [str(verdict) for verdict in found] == [
        "NOT MET: p99 latency unknown, allowed at most 100 ms",
        "NOT MET: successful requests 0, allowed at least 1",
    ]
    record = record_of([0.01] * 10, 10)
    record.interrupted = True
    assert [verdict.met for verdict in judge(evaluate(constant(10, 1), record), Limits())] == [
        False
    ]


def test_without_limits_a_test_passes() -> None:
    assert judge(evaluate(constant(10, 1), record_of([0.01] * 10, 10)), Limits()) == ()
