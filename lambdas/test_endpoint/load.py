"""Requests at a fixed rate, each measured from the moment when it was due.

A request is due at its time whether or not earlier ones have been answered, as those of independent
callers are: a slow endpoint cannot slow the test down and look faster than it is.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

# Sends one request by its number; returns what went wrong.
Send = Callable[[int], str | None]
CONNECTIONS = 10


@dataclass(frozen=True)
class Result:
    """The latencies of a load test in milliseconds, in order, and its errors by kind."""

    latencies: tuple[float, ...]
    errors: dict[str, int]

    @property
    def requests(self) -> int:
        return len(self.latencies)

    @property
    def error_rate(self) -> float:
        return sum(self.errors.values()) / self.requests

    def percentile(self, percent: float) -> float:
        """The latency that so many percent of the requests do not exceed."""
        rank = max(1, math.ceil(self.requests * percent / 100))
        return self.latencies[rank - 1]


def run_load(
    send: Send,
    requests: int,
    rate: float,
    *,
    now: Callable[[], float] = time.perf_counter,
    sleep: Callable[[float], None] = time.sleep,
) -> Result:
    """Send requests and wait for all answers."""
    errors: Counter[str] = Counter()
    begin = now()

    def one(number: int) -> float:
        problem = send(number)
        if problem:
            errors[problem] += 1
        return (now() - begin - number / rate) * 1000

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        pending = []
        for number in range(requests):
            early = begin + number / rate - now()
            if early > 0:
                sleep(early)
            pending.append(pool.submit(one, number))
        latencies = sorted(future.result() for future in pending)
    return Result(tuple(latencies), dict(errors))
