"""The charts: well-formed SVG whatever the numbers, with every mark inside the picture."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ml.evaluation import charts

finite = st.floats(-1e9, 1e9)


def check(svg: str) -> ElementTree.Element:
    root = ElementTree.fromstring(svg)
    _, _, width, height = map(float, root.get("viewBox").split())
    assert not re.search(r"\b(nan|inf)\b", svg)
    for rect in root.iter("{http://www.w3.org/2000/svg}rect"):
        x, y, w, h = (float(rect.get(name)) for name in ("x", "y", "width", "height"))
        assert -1 <= x <= x + w <= width + 1
        assert -1 <= y <= y + h <= height + 1
    return root


@settings(max_examples=40, deadline=None)
@example([(0.0, 1.1125369292536007e-308)])
@given(st.lists(st.tuples(finite, finite), min_size=1, max_size=60))
def test_any_numbers_can_be_drawn(pairs):
    actual, predicted = np.array(pairs).T
    check(charts.predicted_against_actual(actual, predicted, "<b>&"))
    check(charts.residuals(predicted, actual - predicted, "value"))
    check(charts.histogram(actual - predicted, "difference"))
    names = [f"a long feature name {number}" for number in range(len(actual))]
    check(charts.bars(names, actual.tolist(), np.abs(predicted).tolist(), "loss"))


@pytest.mark.parametrize("classes", [2, 3, 30])
def test_a_confusion_matrix_has_a_cell_a_pair(classes):
    matrix = np.arange(classes * classes).reshape(classes, classes)
    root = check(charts.confusion(matrix, [f"label {number}" for number in range(classes)], "<b>"))
    assert len(list(root.iter("{http://www.w3.org/2000/svg}rect"))) == classes * classes


@pytest.mark.parametrize("rows", [1, 500])
def test_calibration_is_drawn(rows):
    random = np.random.default_rng(0)
    confidence = random.uniform(0.5, 1, rows)
    confidence[0] = 1.0
    check(charts.calibration(confidence, random.random(rows) < confidence))


def test_round_numbers_are_written_out():
    prices = np.array([12_000.0, 80_000.0])
    svg = charts.predicted_against_actual(prices, prices, "price")
    assert ">20,000<" in svg
    assert "e+0" not in svg


@pytest.mark.parametrize(
    "values", [[1e16, 1e16 + 2], [1.0, 1.0 + 1e-15], [0.0, 0.0], [5e-324, 0.0]]
)
def test_values_that_hardly_differ_have_a_distribution(values):
    check(charts.histogram(np.array(values), "difference"))


@pytest.mark.parametrize("value", [0.0, 1e16, -1e16, 5e-324])
def test_one_value_can_be_drawn(value):
    same = np.array([value, value])
    check(charts.residuals(same, np.array([-1.0, 1.0]), "value"))
    check(charts.predicted_against_actual(same, same, "value"))
    check(charts.steps(same, same, "value"))
