"""Statistics in chunks: those of numpy on all of the values at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ml.data.statistics import BIN_ROWS, BINS, QUANTILE_BINS, QUANTILES, numbers_statistics

numbers = st.floats(-1e12, 1e12, allow_subnormal=False) | st.integers(-50, 50).map(float)


def statistics(values, chunks=3):
    parts = np.array_split(np.array(values, dtype=float), chunks)
    return numbers_statistics(lambda: iter(parts))


def check(values, found):
    values = np.array(values, dtype=float)
    present = values[~np.isnan(values)]
    assert (found["rows"], found["missing"]) == (len(values), len(values) - len(present))
    assert (found["minimum"], found["maximum"]) == (present.min(), present.max())
    scale = max(1e-300, float(np.abs(present).max()))
    assert found["mean"] == pytest.approx(present.mean(), rel=1e-9, abs=1e-9 * scale)
    assert found["standard_deviation"] == pytest.approx(present.std(), rel=1e-6, abs=1e-9 * scale)
    assert list(found["quantiles"]) == [f"{share:g}" for share in QUANTILES]
    assert list(found["quantiles"].values()) == pytest.approx(
        np.quantile(present, QUANTILES).tolist(), rel=1e-12, abs=1e-12 * scale
    )
    edges = np.array(found["histogram"]["edges"])
    counts = found["histogram"]["counts"]
    assert len(counts) == BINS
    assert sum(counts) == len(present)
    places = np.clip(np.searchsorted(edges, present, side="right") - 1, 0, BINS - 1)
    assert counts == np.bincount(places, minlength=BINS).tolist()
    check_bins(present, found["bins"])


def check_bins(present, bins):
    parts = min(QUANTILE_BINS, max(2, len(present) // BIN_ROWS))
    borders = np.quantile(present, np.arange(1, parts) / parts)
    scale = max(1e-300, float(np.abs(present).max()))
    for edge in bins["edges"]:
        assert np.abs(borders - edge).min() <= 1e-12 * scale
    places = np.searchsorted(bins["edges"], present, side="right")
    assert bins["counts"] == np.bincount(places, minlength=len(bins["edges"]) + 1).tolist()


@settings(max_examples=200, deadline=None)
@given(st.lists(numbers | st.just(np.nan), min_size=1, max_size=60))
@example([0.0, 5e-324])
@example([1.0, 1.0 + 2**-52])
@example([3.0] * 10)
@example([0.0] * 40 + [1e12])
def test_they_are_those_of_numpy(values):
    if not np.isnan(values).all():
        check(values, statistics(values))


@pytest.mark.parametrize("seed", range(3))
def test_many_values_of_other_shapes(seed):
    random = np.random.default_rng(seed)
    even = random.normal(size=100_000)
    check(even, statistics(even, 7))
    skewed = random.lognormal(3, 3, size=50_000)
    check(skewed, statistics(skewed, 11))
    whole = random.integers(0, 52, size=50_000).astype(float)
    check(whole, statistics(whole, 2))


def test_a_range_that_is_no_finite_number():
    found = statistics([-1.7e308, 0.0, 1.7e308])
    assert (found["minimum"], found["mean"], found["maximum"]) == (-1.7e308, 0.0, 1.7e308)
    assert found["standard_deviation"] == pytest.approx(1.7e308 * (2 / 3) ** 0.5)
    assert found["quantiles"]["0.25"] == -0.85e308
    assert found["histogram"]["counts"] == [1] + [0] * 9 + [1] + [0] * 8 + [1]


def test_without_a_value_there_are_only_counts():
    assert statistics([np.nan, np.nan]) == {"rows": 2, "missing": 2}
    assert statistics([]) == {"rows": 0, "missing": 0}
