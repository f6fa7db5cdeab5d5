"""A load: when each request is due, and how many connections send it.

The model is open: a request is due at its time whether or not earlier ones have been answered, as those of
independent callers are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

# Rounding in a sum of rates must not add a request.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Phase:
    """A time in which the rate changes evenly from one value to another, in requests a second."""

    first_rate: float
    last_rate: float
    seconds: float

    @property
    def requests(self) -> float:
        """How many requests become due, including a fraction of the next one."""
        return (self.first_rate + self.last_rate) / 2 * self.seconds

    def time_of(self, request: float) -> float:
        """The seconds into the phase after which so many requests have become due."""
        slope = (self.last_rate - self.first_rate) / self.seconds
        # The positive root of slope/2 * t^2 + first_rate * t = request, in a form that holds for slope 0 too.
        divisor = self.first_rate + math.sqrt(max(0.0, self.first_rate**2 + 2 * slope * request))
        return 2 * request / divisor if divisor else 0.0

    def __str__(self) -> str:
        rate = f"{self.first_rate:g}"
        if self.last_rate != self.first_rate:
            rate += f" to {self.last_rate:g}"
        return f"{rate} requests a second for {self.seconds:.4g} s"


@dataclass(frozen=True)
class Load:
    """What to send: the phases one after the other, but at most so many requests."""

    phases: tuple[Phase, ...]
    most_requests: int
    connections: int
    timeout_seconds: float

    @property
    def requests(self) -> int:
        """How many requests become due."""
        total = math.ceil(sum(phase.requests for phase in self.phases) - _ROUNDING)
        return min(total, self.most_requests)

    @property
    def seconds(self) -> float:
        """How long requests become due: shorter than the phases where the number of requests ends them."""
        planned = sum(phase.seconds for phase in self.phases)
        total = sum(phase.requests for phase in self.phases)
        if self.most_requests >= total - _ROUNDING:
            return planned
        return self._time_of(self.most_requests)

    @property
    def rate(self) -> float:
        """The mean rate, in requests a second."""
        return self.requests / self.seconds

    def due_times(self) -> Iterator[float]:
        """The time of each request in order, in seconds from the start; the first one is due at once."""
        before, begin, request = 0.0, 0.0, 0
        for phase in self.phases:
            end = min(before + phase.requests, float(self.most_requests))
            while request < end - _ROUNDING:
                yield begin + phase.time_of(request - before)
                request += 1
            before, begin = before + phase.requests, begin + phase.seconds

    def _time_of(self, request: float) -> float:
        before, begin = 0.0, 0.0
        for phase in self.phases:
            if request <= before + phase.requests:
                return begin + phase.time_of(request - before)
            before, begin = before + phase.requests, begin + phase.seconds
        return begin

    def __str__(self) -> str:
        phases = ", then ".join(str(phase) for phase in self.phases)
        return (
            f"{self.requests:,} requests in {self.seconds:.4g} s ({phases}) over at most "
            f"{self.connections} connections"
        )
