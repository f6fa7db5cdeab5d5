"""What a load test has found: percentiles, errors, shares, and how they changed over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from landing_zone.load.schedule import Load
from landing_zone.load.sender import Record

PERCENTILES = (50.0, 90.0, 95.0, 99.0, 99.9)
_WIDTHS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)
_MOST_INTERVALS = 60
_BINS_PER_DECADE = 10


@dataclass(frozen=True)
class Share:
    """A variant or the code of an error, with its part of the requests."""

    name: str
    count: int
    share: float
    detail: str = ""


@dataclass(frozen=True)
class Interval:
    """The requests that became due in one part of the time."""

    start: float
    seconds: float
    successful: int
    failed: int
    unsent: int
    latency_ms: dict[str, float]


@dataclass(frozen=True)
class Bin:
    """How many requests had a latency in this range, in milliseconds."""

    low_ms: float
    high_ms: float
    count: int


@dataclass(frozen=True)
class Results:
    """Everything that the reports show."""

    due: int
    sent: int
    successful: int
    failed: int
    unsent: int
    late: int
    late_without_connection: int
    late_by_this_machine: int
    interrupted: bool
    elapsed_seconds: float
    intended_rate: float
    reached_rate: float
    error_rate: float
    # Of all requests; one that was not sent counts with the time that it has waited.
    latency_ms: dict[str, float]
    successful_latency_ms: dict[str, float]
    start_delay_ms: dict[str, float]
    errors: tuple[Share, ...]
    variants: tuple[Share, ...]
    over_time: tuple[Interval, ...]
    histogram: tuple[Bin, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The smallest value with this share of all values at or below it (nearest rank)."""
    # Rounded first: 99.9 / 100 * 1000 is a little more than 999 in floating point.
    rank = math.ceil(round(percent / 100 * len(ordered), 6))
    return ordered[max(1, rank) - 1]


def percent_text(share: float) -> str:
    """0.0012 as 0.12 %."""
    return f"{share * 100:.4g} %"


def latency_of(seconds: Sequence[float]) -> dict[str, float]:
    """Percentiles and maximum in milliseconds; empty without a value."""
    if not seconds:
        return {}
    ordered = sorted(seconds)
    found = {f"p{percent:g}": percentile(ordered, percent) for percent in PERCENTILES}
    return {name: round(value * 1000, 3) for name, value in (found | {"max": ordered[-1]}).items()}


def evaluate(load: Load, record: Record) -> Results:
    """The results of what was measured."""
    waited = [record.elapsed - due for due in record.unsent]
    successes = [
        latency for latency, failed in zip(record.latency, record.failed, strict=True) if not failed
    ]
    sent, unsent = len(record.due), len(record.unsent)
    failed = sum(record.failed)
    due = sent + unsent
    late = record.late_without_connection + record.late_by_this_machine
    # The last request is due before the time of the load is over.
    lasted = record.elapsed if record.interrupted else max(record.elapsed, load.seconds)
    return Results(
        due=due,
        sent=sent,
        successful=len(successes),
        failed=failed,
        unsent=unsent,
        late=late,
        late_without_connection=record.late_without_connection,
        late_by_this_machine=record.late_by_this_machine,
        interrupted=record.interrupted,
        elapsed_seconds=round(record.elapsed, 3),
        intended_rate=round(load.rate, 3),
        reached_rate=round(len(successes) / lasted, 3),
        error_rate=(failed + unsent) / due if due else 0.0,
        latency_ms=latency_of([*record.latency, *waited]),
        successful_latency_ms=latency_of(successes),
        start_delay_ms=latency_of(record.delay),
        errors=tuple(
            Share(code, count, count / due, record.details[code])
            for code, count in record.errors.most_common()
        ),
        variants=tuple(
            Share(name or "not named", count, count / len(successes))
            for name, count in record.variants.most_common()
        ),
        over_time=_intervals(load, record),
        histogram=_histogram(record.latency),
    )


def _intervals(load: Load, record: Record) -> tuple[Interval, ...]:
    width = next((w for w in _WIDTHS if load.seconds / w <= _MOST_INTERVALS), _WIDTHS[-1])
    number = max(1, math.ceil(load.seconds / width - 1e-9))
    latencies: list[list[float]] = [[] for _ in range(number)]
    failed, unsent = [0] * number, [0] * number

    def place(due: float) -> int:
        return min(int(due / width), number - 1)

    for due, latency, is_failed in zip(record.due, record.latency, record.failed, strict=True):
        latencies[place(due)].append(latency)
        failed[place(due)] += is_failed
    for due in record.unsent:
        latencies[place(due)].append(record.elapsed - due)
        unsent[place(due)] += 1
    return tuple(
        Interval(
            start=round(index * width, 6),
            seconds=round(min(width, load.seconds - index * width), 6),
            successful=len(values) - failed[index] - unsent[index],
            failed=failed[index],
            unsent=unsent[index],
            latency_ms=latency_of(values),
        )
        for index, values in enumerate(latencies)
    )


def _histogram(latencies: Sequence[float]) -> tuple[Bin, ...]:
    """Counts in bins of a tenth of a decade, since latencies differ by orders of magnitude."""
    counts: dict[int, int] = {}
    for latency in latencies:
        # A microsecond is below what any request takes.
        index = math.floor(math.log10(max(latency * 1000, 1e-3)) * _BINS_PER_DECADE)
        counts[index] = counts.get(index, 0) + 1
    if not counts:
        return ()
    return tuple(
        Bin(
            low_ms=10 ** (index / _BINS_PER_DECADE),
            high_ms=10 ** ((index + 1) / _BINS_PER_DECADE),
            count=counts.get(index, 0),
        )
        for index in range(min(counts), max(counts) + 1)
    )
