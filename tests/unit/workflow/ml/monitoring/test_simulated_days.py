"""Simulated days of traffic: unchanged ones raise no alarm, shifts are found at stated effect sizes."""

from __future__ import annotations

import numpy as np
import pytest

from ml.config.columns import Column
from ml.data.statistics import numbers_statistics
from ml.monitoring.baseline import Baseline, CategoryBaseline, Quality, _number, _read_number
from ml.monitoring.comparison import Limits, compare
from ml.monitoring.counts import CategoryCounts, NumberCounts, Traffic

NAMES = ("normal", "skewed", "whole", "capped", "gaps")
CATEGORY = "colour"
SHARES = {"red": 0.6, "green": 0.3, "blue": 0.08, "grey": 0.02}
COLUMNS = (
    *(Column(name, "number") for name in NAMES),
    Column(CATEGORY, "category", values=tuple(SHARES)),
)


def draw(random, rows, shift=0.0):
    normal = random.normal(size=(5, rows)) + shift
    return {
        "normal": normal[0],
        "skewed": np.exp(normal[1]),
        "whole": np.floor(4 * normal[2]),
        "capped": np.minimum(normal[3], 1.0),
        "gaps": np.where(random.uniform(size=rows) < 0.1, np.nan, normal[4]),
        CATEGORY: random.multinomial(rows, list(SHARES.values())),
    }


def baseline_of(values, rows):
    columns = {}
    for name in NAMES:
        statistics = numbers_statistics(lambda name=name: iter([values[name]]))
        columns[name] = _read_number(_number(statistics, statistics["missing"]))
    counts = dict(zip(SHARES, values[CATEGORY].tolist(), strict=True))
    columns[CATEGORY] = CategoryBaseline(counts, 0)
    quality = Quality("r2", "maximize", 0.8, 0.01, 100)
    return Baseline("small", rows, columns, columns["normal"], quality, "")


def day(baseline, values):
    """The columns that count as drifted on one day."""
    traffic = Traffic(baseline, COLUMNS)
    for name in NAMES:
        numbers, counts = values[name], traffic.columns[name]
        assert isinstance(counts, NumberCounts)
        counts.add_numbers(numbers, int(np.isnan(numbers).sum()))
    category = traffic.columns[CATEGORY]
    assert isinstance(category, CategoryCounts)
    category.values = dict(zip(SHARES, values[CATEGORY].tolist(), strict=True))
    category.rows = int(values[CATEGORY].sum())
    assert isinstance(traffic.prediction, NumberCounts)
    traffic.prediction.add_numbers(values["normal"], 0)
    columns, _ = compare(traffic, Limits())
    return {column.column for column in columns if column.drifted}


@pytest.mark.parametrize(("training_rows", "rows"), [(2_000, 1_000), (120, 300)])
def test_two_hundred_unchanged_days_raise_no_alarm(training_rows, rows):
    random = np.random.default_rng(20_260_501)
    baseline = baseline_of(draw(random, training_rows), training_rows)
    false_alarms = [day(baseline, draw(random, rows)) for _ in range(200)]
    assert sum(map(bool, false_alarms)) == 0


def test_trainings_of_other_samples_raise_none_either():
    """Every day with a training of its own: an unlucky sample cannot hide behind a lucky one."""
    random = np.random.default_rng(7)
    false_alarms = 0
    for _ in range(50):
        baseline = baseline_of(draw(random, 500), 500)
        false_alarms += bool(day(baseline, draw(random, 500)))
    assert false_alarms == 0


@pytest.mark.parametrize(("shift", "found"), [(0.5, 1.0), (0.45, 0.9), (0.15, 0.0)])
def test_a_shift_is_found_at_half_a_standard_deviation(shift, found):
    """The PSI of a shifted normal is the square of the shift: 0.25 is found, 0.02 is too small to matter."""
    random = np.random.default_rng(3)
    baseline = baseline_of(draw(random, 2_000), 2_000)
    days = [
        "normal" in day(baseline, {**draw(random, 1_000), "normal": random.normal(shift, 1, 1_000)})
        for _ in range(30)
    ]
    share = sum(days) / len(days)
    assert share >= found if found else share == 0


def test_the_column_that_shifted_is_the_one_that_is_named():
    random = np.random.default_rng(4)
    baseline = baseline_of(draw(random, 2_000), 2_000)
    for name in NAMES:
        changed = {**draw(random, 1_000), name: draw(random, 1_000, shift=0.7)[name]}
        assert day(baseline, changed) == {name}


def test_a_change_of_categories_and_of_empty_cells_is_found():
    random = np.random.default_rng(5)
    baseline = baseline_of(draw(random, 2_000), 2_000)
    values = draw(random, 1_000)
    values[CATEGORY] = random.multinomial(1_000, [0.4, 0.5, 0.08, 0.02])
    values["gaps"] = np.where(random.uniform(size=1_000) < 0.2, np.nan, random.normal(size=1_000))
    assert day(baseline, values) == {CATEGORY, "gaps"}


def test_values_outside_the_range_of_the_training_are_found():
    random = np.random.default_rng(6)
    baseline = baseline_of(draw(random, 2_000), 2_000)
    values = draw(random, 1_000)
    values["normal"][:40] = 99.0
    assert day(baseline, values) == {"normal"}
