"""Requests with every type of column: what is taken, and how the rest is refused."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.config.use_case import parse_use_case
from ml.errors import InvalidRequestError
from ml.inference.arrays import arrays_of
from ml.inference.requests import decode

CSV, JSON, LINES = "text/csv", "application/json", "application/jsonlines"
USE_CASE = parse_use_case(
    {
        "name": "tickets",
        "description": "Tickets.",
        "task": "classification",
        "target": "team",
        "columns": [
            {"name": "text", "type": "text", "minimum_length": 2, "maximum_length": 60},
            {"name": "age", "type": "number", "minimum": 0, "maximum_missing_share": 0.5},
            {"name": "count", "type": "integer"},
            {"name": "channel", "type": "category", "values": ["mail", "phone"]},
            {"name": "note", "type": "text", "maximum_length": 9, "maximum_missing_share": 0.9},
            {"name": "team", "type": "category", "values": ["a", "b"]},
        ],
        "model": {"estimator": "LogisticRegression"},
        "metric": {"name": "accuracy", "threshold": 0.5, "direction": "maximize"},
    }
)
ROW: list[Any] = ['Grüße, "so" 😀\nnext\u2028line', 1.5, 3, "mail", "ok"]


def as_csv(row: list[Any]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(row)
    return line.getvalue()


def read(content_type: str, body: str | bytes) -> dict[str, list[Any]]:
    arrays = arrays_of(decode(body, content_type), USE_CASE)
    return {name: values.tolist() for name, values in arrays.items()}


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (CSV, as_csv(ROW)),
        (JSON, json.dumps({"instances": [ROW]})),
        (JSON, json.dumps({"context": as_csv(ROW)}, ensure_ascii=False)),
        (LINES, json.dumps(ROW, ensure_ascii=False)),  # U+2028 ends no line
        (LINES, json.dumps(dict(zip(USE_CASE.feature_names, ROW, strict=True))) + "\r\n"),
        (LINES, json.dumps([f"  {ROW[0]}\t", *ROW[1:]]).encode()),
    ],
)
def test_texts_arrive_as_they_are(content_type, body):
    assert {name: values[0] for name, values in read(content_type, body).items()} == dict(
        zip(USE_CASE.feature_names, ROW, strict=True)
    )


def test_several_lines_with_every_line_end():
    rows = [[f"one\u2028{n}\x85two", None, n, "phone", None] for n in range(3)]
    body = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    found = read(LINES, body)
    assert found["text"] == [row[0] for row in rows]
    assert found["note"] == ["", "", ""]
    assert np.isnan(found["age"]).all()


def refusal(content_type: str, body: str | bytes) -> str:
    with pytest.raises(InvalidRequestError) as caught:
        read(content_type, body)
    assert caught.value.status_code == 400
    return str(caught.value)


def with_cell(position: int, cell: str) -> str:
    """A JSON body with one cell as it is spelt."""
    cells = [json.dumps(value) for value in ROW]
    cells[position] = cell
    return f'{{"instances": [[{", ".join(cells)}]]}}'


@pytest.mark.parametrize(
    ("position", "cell", "expected"),
    [
        (0, "null", "row 1, column text: found an empty value, expected a text of 2 to 60 char"),
        (0, '"  "', "column text: found an empty value, expected a text"),
        (0, '"x"', "column text: found 1 character, expected a text of 2 to 60 characters"),
        (0, json.dumps("x" * 61), "column text: found 61 characters, expected a text of 2 to 60"),
        (0, '"a\\u0000b"', "column text: found the character U+0000 at position 2, expected"),
        (0, '"a\\ud800b"', "column text: found the character U+D800 at position 2, expected"),
        (0, "7", "column text: found 7, expected a text of 2 to 60 characters"),
        (0, '["a"]', "column text: found ['a'], expected a text"),
        (0, '{"a": 1}', "column text: found {'a': 1}, expected a text"),
        (1, "-0.1", "column age: found -0.1, expected a number of at least 0"),
        (1, "1e400", "column age: found inf, expected a number of at least 0"),
        (1, "NaN", "NaN is not JSON; use null for a missing value"),
        (1, "-Infinity", "-Infinity is not JSON"),
        (1, '"1.5"', "column age: found '1.5', expected a number"),
        (2, "1.5", "column count: found 1.5, expected a whole number"),
        (2, "1" + "0" * 400, "column count: found 1000000"),
        (2, "9" * 5000, "Cannot read the body as JSON"),
        (2, "true", "column count: found True, expected a whole number"),
        (3, '"fax"', "column channel: found 'fax', expected one of mail, phone"),
        (3, '["mail"]', "column channel: found ['mail'], expected one of mail, phone"),
        (3, '"\uff4d\uff41\uff49\uff4c"', "expected one of mail, phone"),
        (4, "false", "column note: found False, expected a text of 1 to 9 characters"),
    ],
)
def test_a_wrong_cell_is_named(position, cell, expected):
    text = refusal(JSON, with_cell(position, cell))
    assert expected in text
    assert len(text) < 400


@pytest.mark.parametrize(
    "cell", ["nan", "inf", "-inf", "Infinity", "1_0", "0x10", "1,5", "\uff11", "1e999"]
)
def test_no_number_in_csv(cell):
    assert "column age: found " in refusal(CSV, as_csv([ROW[0], cell, *ROW[2:]]))


def test_a_comma_in_a_text_is_explained():
    text = refusal(CSV, "good, really good,1,3,mail,ok")
    assert "row 1: found 6 values, expected 5 (text, age, count, channel, note)" in text
    assert "put a text with commas or quotes between double quotes" in text
    assert "double quotes" not in refusal(CSV, "good,1,3,mail")


@pytest.mark.parametrize(
    "rows", [[[["a"]] * 5] * 2, [[{}] * 5] * 3, [[[1, 2], [3], [], None, 5]] * 2]
)
def test_tables_in_cells(rows):
    assert "expected a text" in refusal(JSON, json.dumps({"instances": rows}))


CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=70),
    st.sampled_from(ROW),
    st.lists(st.integers(), max_size=2),
)


@settings(max_examples=300, deadline=None)
@given(rows=st.lists(st.lists(CELLS, min_size=4, max_size=6), min_size=1, max_size=3))
def test_any_row_is_read_or_refused(rows):
    for content_type, body in (
        (JSON, json.dumps({"instances": rows})),
        (LINES, "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)),
        (CSV, "".join(as_csv(row) for row in rows)),
    ):
        try:
            encoded = body.encode()
        except UnicodeEncodeError:
            continue
        try:
            found = read(content_type, encoded)
        except InvalidRequestError as error:
            assert error.status_code == 400
            assert len(str(error)) < 2_000
            continue
        assert all(np.isnan(value) or value >= 0 for value in found["age"])
        assert all(2 <= len(value) <= 60 for value in found["text"])
        assert set(found["channel"]) <= {"mail", "phone"}
