"""The metrics of one account and region. Every service of localaws publishes into this object."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from localaws.services.cloudwatch.distribution import Distribution

MINUTE: Final = 60
# CloudWatch user guide, "Metrics retention": how old data points become (seconds) before they are merged into
# longer periods, and how long those are. After 15 months they are deleted.
RETENTION: Final = ((3 * 3600, 60), (15 * 86400, 300), (63 * 86400, 3600))
KEPT_SECONDS: Final = 455 * 86400
_COMPACTED_EVERY: Final = 3600


@dataclass(frozen=True, order=True)
class MetricId:
    """Namespace, name and dimensions identify a metric."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()
    """Sorted by name."""

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: Mapping[str, str]) -> MetricId:
        """The metric with dimensions in any order."""
        return cls(namespace, name, tuple(sorted(dimensions.items())))


class _Series:
    """The data of one metric: by unit, the distribution of each period by its start and length."""

    def __init__(self) -> None:
        self.periods: dict[str, dict[tuple[int, int], Distribution]] = {}
        self.latest = 0.0
        self.compacted = 0.0

    def at(self, unit: str, start: int, seconds: int) -> Distribution:
        periods = self.periods.setdefault(unit, {})
        found = periods.get((start, seconds))
        if found is None:
            found = periods[(start, seconds)] = Distribution()
        return found

    def compact(self, now: float) -> None:
        """Merge old periods into longer ones, and delete the oldest."""
        self.compacted = now
        for unit, periods in list(self.periods.items()):
            for (start, seconds), values in list(periods.items()):
                age = now - start
                longer = max((length for limit, length in RETENTION if age > limit), default=0)
                if age > KEPT_SECONDS:
                    del periods[(start, seconds)]
                elif longer > seconds:
                    del periods[(start, seconds)]
                    self.at(unit, start - start % longer, longer).merge(values)
            if not periods:
                del self.periods[unit]


class MetricStore:
    """Buckets of a second or a minute for each metric; older ones are merged as on AWS."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._series: dict[MetricId, _Series] = {}

    def add(
        self,
        metric: MetricId,
        at: datetime,
        value: float,
        unit: str = "None",
        count: float = 1.0,
        resolution: int = MINUTE,
    ) -> None:
        """Add one value that occurred ``count`` times."""
        moment = at.timestamp()
        with self._lock:
            self._bucket(metric, moment, unit, resolution).add(value, count)

    def add_all(self, values: Iterable[tuple[MetricId, float, str]], at: datetime) -> None:
        """Add one value to each of several metrics: (metric, value, unit)."""
        moment = at.timestamp()
        with self._lock:
            for metric, value, unit in values:
                self._bucket(metric, moment, unit, MINUTE).add(value)

    def add_set(
        self,
        metric: MetricId,
        at: datetime,
        statistics: tuple[float, float, float, float],
        unit: str = "None",
        resolution: int = MINUTE,
    ) -> None:
        """Add a statistic set: sample count, sum, minimum, maximum."""
        moment = at.timestamp()
        with self._lock:
            self._bucket(metric, moment, unit, resolution).add_set(*statistics)

    def read(
        self, metric: MetricId, start: float, end: float, period: int, unit: str | None = None
    ) -> dict[int, Distribution]:
        """The values of a time range, merged into periods by their start.

        Args:
            metric: the metric.
            start: seconds since 1970; the first period begins here.
            end: the end of the range; a period that begins at it or later is left out.
            period: the length in seconds. Data that is kept in longer periods only is left out, as on AWS.
            unit: only values that were published with this unit.
        """
        merged: dict[int, Distribution] = {}
        with self._lock:
            series = self._series.get(metric)
            if series is None:
                return merged
            for name, periods in series.periods.items():
                if unit is not None and name != unit:
                    continue
                for first, seconds, values in _within(periods, start, end, period):
                    if seconds > period:
                        continue
                    begin = int(start + (first - start) // period * period)
                    merged.setdefault(begin, Distribution()).merge(values)
        return merged

    def unit_of(self, metric: MetricId) -> str:
        """The unit of a metric; "None" when it has several or none."""
        with self._lock:
            series = self._series.get(metric)
            units = list(series.periods) if series else []
        return units[0] if len(units) == 1 else "None"

    def metrics(self, since: float) -> list[MetricId]:
        """The metrics that got a value after ``since`` (seconds since 1970), in order."""
        with self._lock:
            return sorted(m for m, series in self._series.items() if series.latest >= since)

    def _bucket(self, metric: MetricId, at: float, unit: str, resolution: int) -> Distribution:
        series = self._series.get(metric)
        if series is None:
            series = self._series[metric] = _Series()
        series.latest = max(series.latest, at)
        if at - series.compacted > _COMPACTED_EVERY:
            series.compact(at)
        start = int(at)
        return series.at(unit, start - start % resolution, resolution)


def _within(
    periods: dict[tuple[int, int], Distribution], start: float, end: float, period: int
) -> Iterable[tuple[int, int, Distribution]]:
    """The periods in a range: by looking each up when the range is short, else by going through all."""
    if (end - start) / MINUTE < len(periods) and period % MINUTE == 0 and start % MINUTE == 0:
        lengths = {seconds for _, seconds in periods}
        if lengths == {MINUTE}:
            for first in range(int(start), int(end), MINUTE):
                values = periods.get((first, MINUTE))
                if values is not None:
                    yield first, MINUTE, values
            return
    for (first, seconds), values in periods.items():
        if start <= first < end:
            yield first, seconds, values
