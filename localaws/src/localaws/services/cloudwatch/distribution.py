"""What is known of the values of a metric within one period."""

from __future__ import annotations

import math
from typing import Final

# Up to so many different values are kept as they are; beyond that, equal to one percent counts as equal.
MAX_DISTINCT: Final = 512
_STEP: Final = math.log(1.01)


class Distribution:
    """Count, sum and extremes of values, and their counts for percentiles, in bounded memory."""

    __slots__ = ("_counts", "_rounded", "count", "has_values", "maximum", "minimum", "total")

    def __init__(self) -> None:
        self.count = 0.0
        self.total = 0.0
        self.minimum = math.inf
        self.maximum = -math.inf
        self.has_values = True
        """Whether every value is known. Of a statistic set only its extremes are."""
        self._counts: dict[float, float] = {}
        self._rounded = False

    def add(self, value: float, count: float = 1.0) -> None:
        """Add a value that occurred ``count`` times."""
        self.count += count
        self.total += value * count
        # Faster than min() and max(); every request to an endpoint comes here 14 times.
        if value < self.minimum:
            self.minimum = value
        if value > self.maximum:
            self.maximum = value
        self._note(value, count)

    def add_set(self, count: float, total: float, minimum: float, maximum: float) -> None:
        """Add a statistic set."""
        if count == 1 or minimum == maximum:
            # The only sets whose values are known, so the only ones that have percentiles on AWS too.
            self.count += count
            self.total += total
            self._note(minimum, count)
        else:
            self.count += count
            self.total += total
            self.has_values = False
        self.minimum = min(self.minimum, minimum)
        self.maximum = max(self.maximum, maximum)

    def merge(self, other: Distribution) -> None:
        """Add every value of another one."""
        self.count += other.count
        self.total += other.total
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)
        self.has_values = self.has_values and other.has_values
        for value, count in other._counts.items():
            self._note(value, count)

    def percentile(self, percent: float) -> float | None:
        """The smallest value with ``percent`` of the samples at or below it; None when it is not known."""
        if not self.has_values or not self._counts:
            return None
        # The rounding of 99.9 / 100 * 1000 must not lead to the next value.
        rank = percent / 100 * sum(self._counts.values()) - 1e-9
        seen = 0.0
        for value in sorted(self._counts):
            seen += self._counts[value]
            if seen >= rank:
                return min(max(value, self.minimum), self.maximum)
        return self.maximum

    def _note(self, value: float, count: float) -> None:
        if self._rounded:
            value = _rounded(value)
        self._counts[value] = self._counts.get(value, 0.0) + count
        if len(self._counts) > MAX_DISTINCT and not self._rounded:
            self._rounded = True
            exact, self._counts = self._counts, {}
            for found, times in exact.items():
                key = _rounded(found)
                self._counts[key] = self._counts.get(key, 0.0) + times


def _rounded(value: float) -> float:
    if value == 0:
        return 0.0
    size = math.exp(round(math.log(abs(value)) / _STEP) * _STEP)
    return math.copysign(size, value)
