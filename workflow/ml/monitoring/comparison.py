"""Which columns have drifted: a difference that chance does not explain, and that is large enough to matter.

Every column has three tests: of its values, of the share of empty cells, and of the share of cells that the
training did not know. Chance is controlled over all tests of all columns together (Benjamini and Hochberg).
With many rows every difference becomes significant, so each test has a smallest effect too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ml.monitoring.counts import CategoryCounts, NumberCounts, TextCounts, Traffic
from ml.monitoring.distances import (
    adjusted,
    chi_square,
    equal_shares,
    group_starts,
    grouped,
    jensen_shannon_distance,
    kolmogorov_smirnov,
    population_stability_index,
    stability_index_by_chance,
)

PSI_GROUPS = 10
CHART_GROUPS = 12


@dataclass(frozen=True)
class Limits:
    """docs/monitoring.md says why."""

    minimum_rows: int = 300
    false_discovery_rate: float = 0.01
    psi: float = 0.1  # above the PSI that chance alone gives
    share: float = 0.02  # by which the share of empty or unknown cells has to change


@dataclass
class Test:
    """One comparison: what was measured, how likely chance explains it, whether it is large enough."""

    name: str  # "kolmogorov-smirnov", "chi-square", "missing", "unknown", "out of range"
    statistic: float
    p_value: float
    effect: float
    smallest_effect: float
    adjusted_p_value: float = 1.0
    drifted: bool = False


@dataclass
class ColumnDrift:
    column: str
    kind: str  # "number", "category" or "text"
    rows: int
    psi: float | None
    psi_by_chance: float | None
    jensen_shannon: float | None
    missing_share: float
    unknown_share: float
    unreadable_share: float
    mean: float | None
    tests: list[Test]
    bins: dict[str, Any] = field(default_factory=dict)

    @property
    def drifted(self) -> bool:
        return any(test.drifted for test in self.tests)

    def document(self) -> dict[str, Any]:
        return {**asdict(self), "drifted": self.drifted}


def compare(traffic: Traffic, limits: Limits) -> tuple[list[ColumnDrift], ColumnDrift]:
    """Every column of the features, parts of texts as columns of their own, and the predictions."""
    columns = [
        drift
        for name, counts in traffic.columns.items()
        for drift in _columns(name, counts, limits)
    ]
    (prediction,) = _columns("prediction", traffic.prediction, limits)
    tests = [test for column in (*columns, prediction) for test in column.tests]
    p_values = adjusted([test.p_value for test in tests])
    for test, p_value in zip(tests, p_values, strict=True):
        test.adjusted_p_value = p_value
        test.drifted = (
            p_value <= limits.false_discovery_rate and test.effect >= test.smallest_effect
        )
    return columns, prediction


def _columns(
    name: str, counts: NumberCounts | CategoryCounts | TextCounts, limits: Limits
) -> Iterator[ColumnDrift]:
    if isinstance(counts, NumberCounts):
        yield _number(name, "number", counts, limits)
    elif isinstance(counts, CategoryCounts):
        yield _category(name, counts, limits)
    else:
        for part, numbers in counts.parts.items():
            yield _number(f"{name}: {part}", "text", numbers, limits)


def _number(name: str, kind: str, counts: NumberCounts, limits: Limits) -> ColumnDrift:
    baseline = counts.baseline
    reference, current = list(baseline.counts), counts.bins.tolist()
    starts = group_starts(reference, PSI_GROUPS)
    tests = []
    distances: tuple[Any, Any, Any] = (None, None, None)
    if sum(reference) and sum(current):
        distances = _distances(grouped(reference, starts), grouped(current, starts))
        statistic, p_value = kolmogorov_smirnov(reference, current)
        effect = distances[0] - distances[1]
        tests.append(Test("kolmogorov-smirnov", statistic, p_value, effect, limits.psi))
    known = baseline.rows + baseline.missing
    tests.append(_share_test("missing", baseline.missing, known, counts.missing, counts, limits))
    # The range was rounded outwards, so no row of the training is outside.
    unknown = counts.outside + counts.unreadable
    tests.append(_share_test("out of range", 0, known, unknown, counts, limits))
    shown = group_starts(reference, CHART_GROUPS)
    return ColumnDrift(
        name,
        kind,
        counts.rows,
        *distances,
        _share(counts.missing, counts.rows),
        _share(unknown, counts.rows),
        _share(counts.unreadable, counts.rows),
        counts.mean,
        tests,
        {
            "edges": [baseline.edges[start - 1] for start in shown[1:]],
            "reference": grouped(reference, shown),
            "current": grouped(current, shown),
        },
    )


def _category(name: str, counts: CategoryCounts, limits: Limits) -> ColumnDrift:
    baseline = counts.baseline
    reference, current = list(baseline.counts.values()), list(counts.values.values())
    tests = []
    distances: tuple[Any, Any, Any] = (None, None, None)
    if sum(reference) and sum(current):
        distances = _distances(reference, current)
        statistic, p_value = chi_square(reference, current)
        effect = distances[0] - distances[1]
        tests.append(Test("chi-square", statistic, p_value, effect, limits.psi))
    known = baseline.rows + baseline.missing
    tests.append(_share_test("missing", baseline.missing, known, counts.missing, counts, limits))
    tests.append(_share_test("unknown", 0, known, counts.unknown, counts, limits))
    return ColumnDrift(
        name,
        "category",
        counts.rows,
        *distances,
        _share(counts.missing, counts.rows),
        _share(counts.unknown, counts.rows),
        0.0,
        None,
        tests,
        {"values": list(baseline.counts), "reference": reference, "current": current},
    )


def _distances(reference: Sequence[int], current: Sequence[int]) -> tuple[float, float, float]:
    return (
        population_stability_index(reference, current),
        stability_index_by_chance(reference, current),
        jensen_shannon_distance(reference, current),
    )


def _share_test(
    name: str,
    before: int,
    of_before: int,
    now: int,
    counts: NumberCounts | CategoryCounts,
    limits: Limits,
) -> Test:
    difference = _share(now, counts.rows) - _share(before, of_before)
    p_value = equal_shares(before, of_before, now, counts.rows) if counts.rows else 1.0
    return Test(name, difference, p_value, abs(difference), limits.share)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
