"""The time that a serving container has to start."""

import time

from localaws.core.clock import Clock
from localaws.services.sagemaker.serving.container import start_deadline


def test_a_faster_clock_leaves_a_container_time_to_start():
    def left(scale, seconds):
        return round(start_deadline(Clock(scale), seconds) - time.monotonic())

    assert [left(1, 240), left(10, 240), left(100, 240), left(1, 5)] == [240, 24, 10, 10]
