"""The refusal's message: every violation where it fits, and never longer than SageMaker keeps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.data.violations import DataRefusedError, Violation
from ml.job import REASON_BYTES

texts = st.text(max_size=60)
violations = st.builds(
    Violation,
    what=texts,
    found=texts,
    expected=texts,
    next_step=texts,
    column=st.text(max_size=120),
    rows=st.integers(0, 10**9),
    lines=st.lists(st.text(max_size=20), max_size=5).map(tuple),
    file=texts,
)


def out_of_range(column: str) -> Violation:
    return Violation(
        what="out of range",
        found="'-1', '-2', '-3' and 17 other values",
        expected="a number from 0 to 100000",
        next_step="Correct these cells, or widen the range in the use case.",
        column=column,
        rows=20,
        lines=("2", "3", "4", "5", "6"),
    )


@given(st.lists(violations, min_size=1, max_size=60))
def test_the_message_always_fits(found):
    error = DataRefusedError(found, "data.csv (20 rows)")
    assert len(str(error).encode()) <= REASON_BYTES
    assert all(violation.long() in error.details() for violation in found)


def test_one_violation_is_told_with_its_next_step():
    assert str(DataRefusedError([out_of_range("price")], "data.csv (20 rows)")) == (
        "Data refused: 1 violation in data.csv (20 rows). 1) column price: 20 rows "
        "(lines 2, 3, 4, 5, 6, ...): out of range, found '-1', '-2', '-3' and 17 other values, "
        "expected a number from 0 to 100000. Correct these cells, or widen the range in the use case."
    )


@pytest.mark.parametrize(
    ("count", "tail"),
    [
        (5, "expected a number from 0 to 100000."),
        (9, "Found and expected values: in the job's log."),
        (40, "more: all of them are in the job's log."),
    ],
)
def test_many_violations_lose_detail_before_they_lose_a_column(count, tail):
    columns = [f"column_{number:02d}" for number in range(count)]
    message = str(DataRefusedError([out_of_range(name) for name in columns], "data.csv"))
    assert message.endswith(tail)
    named = sum(name in message for name in columns)
    assert named == count if count < 12 else named >= 10
