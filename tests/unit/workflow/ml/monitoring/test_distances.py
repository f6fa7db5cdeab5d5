"""The distances and their p-values: those of scipy where it has them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.spatial import distance

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


@pytest.fixture
def random():
    return np.random.default_rng(1)


def test_kolmogorov_smirnov_of_values_that_are_whole_numbers(random):
    """With a border between any two values, the bins lose nothing."""
    first, second = random.integers(0, 30, 900), random.integers(2, 32, 700)
    counts = [np.bincount(values, minlength=32).tolist() for values in (first, second)]
    expected = stats.ks_2samp(first, second, method="asymp")
    statistic, p_value = kolmogorov_smirnov(*counts)
    assert statistic == pytest.approx(expected.statistic)
    assert p_value == pytest.approx(expected.pvalue, rel=0.05)


def test_bins_never_make_kolmogorov_smirnov_more_certain(random):
    first, second = random.normal(size=2_000), random.normal(0.1, 1, size=1_000)
    edges = np.quantile(first, np.arange(1, 100) / 100)
    counts = [
        np.bincount(np.searchsorted(edges, v), minlength=100).tolist() for v in (first, second)
    ]
    statistic, p_value = kolmogorov_smirnov(*counts)
    expected = stats.ks_2samp(first, second, method="asymp")
    assert expected.statistic - 0.01 <= statistic <= expected.statistic
    assert p_value >= expected.pvalue


def test_chi_square_is_that_of_a_contingency_table():
    table = [[50, 30, 20], [40, 45, 35]]
    expected = stats.chi2_contingency(table, correction=False)
    assert chi_square(*table) == pytest.approx((expected.statistic, expected.pvalue))


def test_rare_values_are_counted_together():
    merged = chi_square([100, 60, 1, 1, 2], [90, 70, 1, 2, 4])
    assert merged == pytest.approx(chi_square([100, 60, 4], [90, 70, 7]))
    assert chi_square([5, 0], [9, 0]) == (0.0, 1.0)


def test_jensen_shannon_is_that_of_scipy():
    assert jensen_shannon_distance([10, 20, 70], [30, 30, 40]) == pytest.approx(
        distance.jensenshannon([0.1, 0.2, 0.7], [0.3, 0.3, 0.4], base=2)
    )
    assert jensen_shannon_distance([5, 0], [0, 5]) == 1.0


def test_benjamini_hochberg_is_that_of_scipy(random):
    p_values = random.uniform(size=40) ** 3
    assert adjusted(p_values.tolist()) == pytest.approx(stats.false_discovery_control(p_values))
    assert adjusted([]) == []


def test_equal_shares_is_fishers_exact_test():
    assert equal_shares(3, 100, 9, 90) == pytest.approx(stats.fisher_exact([[3, 97], [9, 81]])[1])
    assert equal_shares(0, 100, 0, 90) == 1.0
    assert equal_shares(100, 100, 90, 90) == 1.0


@pytest.mark.parametrize(("shift", "expected"), [(0.0, 0.0), (0.5, 0.25), (1.0, 1.0)])
def test_the_stability_index_of_a_shifted_normal_is_the_square_of_the_shift(
    random, shift, expected
):
    """A known identity of the continuous index; ten bins lose a little of it."""
    first, second = random.normal(size=200_000), random.normal(shift, 1, size=200_000)
    edges = np.quantile(first, np.arange(1, 10) / 10)
    counts = [
        np.bincount(np.searchsorted(edges, v), minlength=10).tolist() for v in (first, second)
    ]
    assert population_stability_index(*counts) == pytest.approx(expected, rel=0.15, abs=0.001)


def test_the_stability_index_by_chance_is_its_mean_without_a_difference(random):
    found = []
    for _ in range(500):
        counts = [random.multinomial(rows, [0.1] * 10).tolist() for rows in (800, 400)]
        found.append(population_stability_index(*counts))
    assert np.mean(found) == pytest.approx(stability_index_by_chance([80] * 10, [40] * 10), rel=0.1)


def test_bins_are_grouped_into_parts_of_about_equal_size():
    counts = [10] * 100
    starts = group_starts(counts, 10)
    assert starts == list(range(0, 100, 10))
    assert grouped(counts, starts) == [100] * 10
    assert grouped([0, 500, 1, 1], group_starts([0, 500, 1, 1], 10))[0] in (0, 500)
