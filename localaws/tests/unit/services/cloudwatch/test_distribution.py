import random

import pytest

from localaws.services.cloudwatch.distribution import MAX_DISTINCT, Distribution


def of(values):
    found = Distribution()
    for value in values:
        found.add(value)
    return found


def test_count_sum_and_extremes():
    values = of([3.0, 1.0, 2.0])
    values.add(10.0, count=4)
    assert (values.count, values.total) == (7, 46)
    assert (values.minimum, values.maximum) == (1, 10)


@pytest.mark.parametrize(
    ("percent", "expected"), [(0, 1), (50, 500), (99, 990), (99.9, 999), (100, 1000)]
)
def test_percentiles_of_a_thousand_values_are_exact_to_one_percent(percent, expected):
    values = list(range(1, 1001))
    random.Random(7).shuffle(values)
    assert of(values).percentile(percent) == pytest.approx(expected, rel=0.01)


def test_percentiles_of_few_values_are_exact():
    assert of([1.0, 2.0, 3.0, 4.0]).percentile(50) == 2.0


def test_negative_values_and_zero_keep_their_order():
    values = of([-(2.0**k) for k in range(600)] + [0.0, 5.0])
    assert values.percentile(0) == -(2.0**599)
    assert values.percentile(100) == 5.0
    assert values.percentile(99.8) == pytest.approx(0.0)


def test_memory_is_bounded():
    values = of(random.Random(1).uniform(1, 1000) for _ in range(20 * MAX_DISTINCT))
    assert len(values._counts) < 2 * MAX_DISTINCT


def test_merging_is_adding():
    both = of(range(50))
    both.merge(of(range(50, 100)))
    assert (both.count, both.percentile(90)) == (100, 89)


def test_the_values_of_a_statistic_set_are_known_when_they_are_equal():
    values = Distribution()
    values.add_set(4, 8.0, 2.0, 2.0)
    assert values.percentile(50) == 2.0
    values.add_set(3, 9.0, 1.0, 5.0)
    assert values.percentile(50) is None
    assert (values.count, values.total, values.minimum, values.maximum) == (7, 17, 1, 5)
