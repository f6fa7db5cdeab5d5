"""Workers see how many connections the others have."""

from __future__ import annotations

from serving.connection_counts import ConnectionCounts


def test_who_has_least() -> None:
    counts = ConnectionCounts(3)
    counts.set(0, 2)
    assert counts.is_least(0)  # the others are not ready
    assert [counts.is_ready(slot) for slot in range(3)] == [True, False, False]
    counts.set(1, 1)
    assert counts.is_least(1)
    assert not counts.is_least(0)
    counts.set(2, 1)
    assert counts.is_least(1) and counts.is_least(2)


def test_nothing_is_left_to_a_worker_that_ended() -> None:
    counts = ConnectionCounts(2)
    counts.set(0, 5)
    counts.set(1, 0)
    assert not counts.is_least(0)
    counts.absent(1)
    assert counts.is_least(0)
