"""Numbers of the report: short, and never on the wrong side of a limit."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.evaluation.rounding import apart, certain, number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (0.0, "0"),
        (0.853208, "0.8532"),
        (1.0, "1.000"),
        (-0.000123456, "-0.0001235"),
        (51234.5678, "51,235"),
        (0.0000001234, "1.234e-07"),
        (1.5e15, "1.5e+15"),
        (math.nan, "nan"),
    ],
)
def test_four_digits(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "deviation", "text"),
    [
        (0.853208, 0.0084, "0.8532"),
        (0.00651349, 0.00028, "0.00651"),
        (1.0, 0.021, "1.000"),
        (51234.5678, 1234.0, "51,235"),
        (0.853208, 0.0, "0.8532"),
        (0.853208, None, "0.8532"),
    ],
)
def test_no_digit_is_chance(value, deviation, text):
    assert certain(value, deviation) == text


def test_a_difference_has_its_sign():
    assert certain(0.0109809, 0.0036, "+") == "+0.0110"
    assert certain(-0.0109809, 0.0036, "+") == "-0.0110"
    assert certain(0.01, 0.0, "+") == "+0.01000"


def test_a_value_near_the_limit_gets_more_digits():
    assert apart(0.89996, 0.9) == "0.89996"
    assert apart(0.85, 0.8) == "0.8500"
    assert apart(0.9, 0.9) == "0.9000"


@given(st.floats(-1e11, 1e11), st.floats(-1e11, 1e11))
def test_the_side_of_the_limit_is_seen(value, limit):
    shown = float(apart(value, limit).replace(",", ""))
    assert (shown > limit, shown < limit) == (value > limit, value < limit)
