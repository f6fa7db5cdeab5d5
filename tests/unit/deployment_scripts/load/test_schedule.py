from __future__ import annotations

from itertools import pairwise

import pytest

from landing_zone.load.schedule import Load, Phase


def load_of(*phases: Phase, most: int = 1_000_000) -> Load:
    return Load(phases, most, connections=10, timeout_seconds=1)


def test_a_constant_rate_has_equal_distances() -> None:
    load = load_of(Phase(100, 100, 10))
    times = list(load.due_times())

    assert len(times) == load.requests == 1000
    assert times[:3] == pytest.approx([0, 0.01, 0.02])
    assert times[-1] == pytest.approx(9.99)
    assert load.rate == 100


@pytest.mark.parametrize(("first", "last"), [(10, 200), (200, 10), (0, 100), (100, 0)])
def test_a_ramp_changes_the_rate_evenly(first: float, last: float) -> None:
    load = load_of(Phase(first, last, 20))
    times = list(load.due_times())

    assert len(times) == load.requests == (first + last) * 10
    assert all(a < b for a, b in pairwise(times))
    for second in range(20):
        expected = first + (last - first) * (second + 0.5) / 20
        assert abs(sum(second <= due < second + 1 for due in times) - expected) <= 1


def test_steps_follow_each_other_without_a_gap() -> None:
    load = load_of(Phase(10, 10, 2), Phase(100, 100, 2), Phase(50, 50, 2))
    times = list(load.due_times())

    assert [sum(low <= due < low + 2 for due in times) for low in (0, 2, 4)] == [20, 200, 100]
    assert times[20] == pytest.approx(2) and times[220] == pytest.approx(4)
    assert load.seconds == 6


def test_a_fraction_of_a_request_is_carried_over_to_the_next_phase() -> None:
    load = load_of(Phase(1, 1, 1.5), Phase(1, 1, 1.5))

    assert list(load.due_times()) == pytest.approx([0, 1, 2])
    assert load.requests == 3


@pytest.mark.parametrize("rate", [0.1, 0.3, 3.3, 33.3, 123.4])
@pytest.mark.parametrize("seconds", [0.1, 1, 7.7, 60])
def test_as_many_are_due_as_the_load_says(rate: float, seconds: float) -> None:
    load = load_of(Phase(rate, rate, seconds), Phase(rate, 2 * rate, seconds))

    assert len(list(load.due_times())) == load.requests


def test_the_number_of_requests_ends_a_load_early() -> None:
    load = load_of(Phase(100, 100, 1), Phase(200, 200, 10), most=300)
    times = list(load.due_times())

    assert len(times) == load.requests == 300
    assert load.seconds == pytest.approx(2)
    assert times[-1] < 2
    assert load.rate == pytest.approx(150)


def test_it_says_what_is_sent() -> None:
    text = str(load_of(Phase(10, 200, 60), Phase(5, 5, 10)))

    assert text == (
        "6,350 requests in 70 s (10 to 200 requests a second for 60 s, then 5 requests a second for 10 s) "
        "over at most 10 connections"
    )
