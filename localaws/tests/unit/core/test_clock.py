import threading
import time

import pytest

from localaws.core.clock import Clock


def test_a_scaled_clock_runs_faster():
    clock = Clock(scale=1000)
    before = clock.now()
    started = time.monotonic()
    clock.sleep(20)
    assert time.monotonic() - started < 5
    assert (clock.now() - before).total_seconds() >= 20


def test_waiting_for_an_event_ends_by_the_clock():
    assert not Clock(scale=1000).wait(threading.Event(), 10)


@pytest.mark.parametrize("scale", [0, -1])
def test_rejects_a_clock_that_does_not_run(scale):
    with pytest.raises(ValueError, match="greater than 0"):
        Clock(scale)
