import threading
from datetime import timedelta

import pytest

from localaws.core.clock import Clock
from localaws.services.scheduler.ticker import Ticker

MINUTE = timedelta(minutes=1)


class Fired:
    def __init__(self, wanted):
        self.times = []
        self.done = threading.Event()
        self._wanted = wanted

    def __call__(self, moment):
        self.times.append(moment)
        if len(self.times) >= self._wanted:
            self.done.set()


@pytest.fixture
def ticker():
    made = Ticker(Clock(6_000), "test-ticker")
    yield made
    made.close()


def following(moment):
    return moment + MINUTE


def test_every_time_is_called_once_and_in_order(ticker):
    fired = Fired(50)
    start = ticker._clock.now()
    ticker.set("a", start, following, fired)
    assert fired.done.wait(5)
    ticker.remove("a")
    assert fired.times[:50] == [start + n * MINUTE for n in range(50)]


def test_times_that_a_fast_clock_has_passed_are_made_up_for(ticker):
    fired = Fired(100)
    start = ticker._clock.now() - 100 * MINUTE
    ticker.set("a", start, following, fired)
    assert fired.done.wait(5)
    assert fired.times[:100] == [start + n * MINUTE for n in range(100)]


def test_the_end_is_told(ticker):
    fired, ended = Fired(1), threading.Event()
    ticker.set("a", ticker._clock.now() + MINUTE, lambda _: None, fired, ended.set)
    assert ended.wait(5)
    assert len(fired.times) == 1
    assert ticker.due("a") is None


def test_a_call_that_fails_does_not_end_the_thread(ticker):
    fired = Fired(2)

    def fail(moment):
        fired(moment)
        raise RuntimeError("expected")

    ticker.set("a", ticker._clock.now(), following, fail)
    assert fired.done.wait(5)


def test_a_closed_ticker_calls_nothing(ticker):
    fired = Fired(1)
    ticker.close()
    ticker.set("a", ticker._clock.now(), following, fired)
    assert not fired.done.wait(0.05)
