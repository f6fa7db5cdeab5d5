"""Cells as numbers: the fast way and the careful way must agree, and nothing odd becomes a number."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.config.cells import parse_number, parse_numbers, shown

cells = st.one_of(
    st.text(max_size=12),
    st.text(alphabet="0123456789+-.eE _", max_size=12),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
)


@given(st.lists(cells, max_size=8))
def test_both_ways_agree(texts):
    one_by_one = [parse_number(text) for text in texts]
    at_once = parse_numbers(texts)
    if at_once is not None:
        assert at_once == one_by_one
    elif None not in one_by_one:
        assert not math.isfinite(sum(map(abs, one_by_one)))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_digit_is_lost(number):
    assert parse_number(repr(number)) == number


@pytest.mark.parametrize(
    "text",
    ["", " ", "1_000", "nan", "inf", "-Infinity", "1e999", "0x10", "1,5", "٣", "1 2", "--1", "."],
)
def test_odd_texts_are_not_numbers(text):
    assert parse_number(text) is None
    assert parse_numbers([text, "1"]) is None


def test_a_value_is_shown_quoted_and_short():
    assert shown("a\nb") == "'a\\nb'"
    assert len(shown("x" * 1000)) == 40
    assert shown("x" * 1000).endswith("x...'")
