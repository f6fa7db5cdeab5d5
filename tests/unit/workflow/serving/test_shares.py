"""Workers see how many connections the others have."""

from __future__ import annotations

from serving.shares import Shares


def test_who_has_least() -> None:
    shares = Shares(3)
    shares.set(0, 2)
    assert shares.is_least(0)  # the others are not ready
    assert [shares.is_ready(slot) for slot in range(3)] == [True, False, False]
    shares.set(1, 1)
    assert shares.is_least(1)
    assert not shares.is_least(0)
    shares.set(2, 1)
    assert shares.is_least(1) and shares.is_least(2)


def test_nothing_is_left_to_a_worker_that_ended() -> None:
    shares = Shares(2)
    shares.set(0, 5)
    shares.set(1, 0)
    assert not shares.is_least(0)
    shares.absent(1)
    assert shares.is_least(0)
