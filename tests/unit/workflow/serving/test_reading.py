"""What the fast way reads, what it leaves to ml.inference.requests, and where a CSV body is cut."""

from __future__ import annotations

import numpy as np
import pytest

from serving.reading import FastReader, csv_chunks
from tests.unit.workflow.serving.small_models import MIXED, NUMBERS, make_use_case


@pytest.fixture(scope="module")
def reader() -> FastReader:
    return FastReader(make_use_case("Ridge", NUMBERS), {})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"1,2,3", [[1, 2, 3]]),
        (b"1,2,3\n-4.5,1e3,0", [[1, 2, 3], [-4.5, 1000, 0]]),
        (b" 1 , 2,3 ", [[1, 2, 3]]),
        (b"-0,-0.0,0", [[0, 0, 0]]),
        (b"1,123456789012345678901234567890,3", [[1, 123456789012345678901234567890.0, 3]]),
    ],
)
def test_csv_of_numbers(reader: FastReader, body: bytes, expected: list[list[float]]) -> None:
    matrix = reader.csv(body)
    assert matrix is not None
    assert matrix.tolist() == expected
    assert "-0" not in str(matrix.tolist())


@pytest.mark.parametrize(
    "body",
    [
        b"", b"1,2", b"1,2,3,4", b"1,2,3\n1,2", b"1,2\n1,2,3,4", b"1,2,x", b"1,2,", b"1,2,+3",
        b"1,2,.5", b"1,2,03",
        b"1,2,1e999", b"6,2,3", b"-6,2,3", b"1,2,-1", b"1,2,0.5", b'1,"2",3', b"1,2],[3", b"1,2,3],[1,2,3",
        b"1,2,null", b"1,2,[3]", b"1,2,3\n\n1,2,3", b"1,2,NaN", b"1 2,3", b"\xff", b"\xef\xbb\xbf1,2,3",
        b"1,2,1e-5000x",
    ],
)  # fmt: skip
def test_csv_that_is_left_to_the_careful_way(reader: FastReader, body: bytes) -> None:
    assert reader.csv(body) is None


@pytest.mark.parametrize("body", [b"", b" ", b"   "])
def test_nothing_is_no_row_of_a_single_column(body: bytes) -> None:
    assert FastReader(make_use_case("Ridge", NUMBERS[:1]), {}).csv(body) is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"instances": [[1, 2, 3]]}',
        b'{"instances": [{"height": 2, "width": 1.0, "count": 3}]}',
    ],
)
def test_json_with_lists_and_objects(reader: FastReader, body: bytes) -> None:
    matrix = reader.json(body)
    assert matrix is not None
    assert matrix.tolist() == [[1, 2, 3]]


@pytest.mark.parametrize(
    "row",
    [
        "[1, 2]", "[1, 2, 3, 4]", "[1, 2, true]", "[1, 2, null]", '[1, 2, "3"]', "[1, 2, [3]]",
        "[1, 2, 1e999]",
        "[1, 2, 3.5]", "[9, 2, 3]", "[]", "{}", '{"width": 1, "height": 2}',
        '{"width": 1, "height": 2, "x": 3}',
        '{"width": 1, "height": 2, "count": 3, "more": 4}', "1", '"1,2,3"', "null", "[1, 2, NaN]",
    ],
)  # fmt: skip
@pytest.mark.parametrize("others", [0, 9])
def test_json_that_is_left_to_the_careful_way(reader: FastReader, row: str, others: int) -> None:
    rows = ", ".join([row, *["[1, 2, 3]"] * others])
    assert reader.json(f'{{"instances": [{rows}]}}'.encode()) is None
    assert reader.json_lines(rows.replace("], ", "]\n").encode()) is None


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"3", b'{"instances": 1}', b'{"instances": []}', b'{"rows": [[1, 2, 3]]}', b"[" * 100_000,
     b'{"instances": [[1, 2, 3]], "more": 1}', b'{"context": "1,2,3"}', b'{"instances": [[1, 2, 3]]',
     b"\xff"],
)  # fmt: skip
def test_other_documents_are_left_to_the_careful_way(reader: FastReader, body: bytes) -> None:
    assert reader.json(body) is None


def test_json_lines_keeps_a_line_a_row(reader: FastReader) -> None:
    matrix = reader.json_lines(b"[1, 2, 3]\r\n\n[4, 5, 6]\n")
    assert matrix is not None
    assert matrix.tolist() == [[1, 2, 3], [4, 5, 6]]
    for body in (b"[1,2,3],[1,2,3]", b"[1,\n2,3]", b"[1,2,3]\r[1,2,3]", b"[1,\r2,3]", b""):
        assert reader.json_lines(body) is None


@pytest.fixture(scope="module")
def mixed() -> FastReader:
    codes = {
        "colour": {"red": 0, "green": 1, "light, blue": 2},
        "shape": {"round": 0, "flat": 1, "": 2},
    }
    return FastReader(make_use_case("Ridge", MIXED), codes)


def test_categories_and_missing_values(mixed: FastReader) -> None:
    expected = [[1.5, 2, 0, 1], [np.nan, -3, 1, 2]]
    for matrix in (
        mixed.csv(b"1.5,2,red,flat\n,-3,green,"),
        mixed.json(b'{"instances": [[1.5, 2, "red", "flat"], [null, -3, "green", null]]}'),
        mixed.json_lines(b'[1.5, 2, "red", "flat"]\n[null, -3, "green", ""]'),
    ):
        assert matrix is not None
        np.testing.assert_array_equal(matrix, expected)
    matrix = mixed.json(b'{"instances": [[1, 2, "light, blue", "round"]]}')
    assert matrix is not None
    assert matrix.tolist() == [[1, 2, 2, 0]]


@pytest.mark.parametrize(
    "row",
    [
        '1, 2, "blue", "flat"', '1, 2, 0, "flat"', '1, 2, true, "flat"', '1, 2, null, "flat"',
        '1, 2, ["red"], "flat"',
        '1, null, "red", "flat"', '1, "2", "red", "flat"', '1, true, "red", "flat"', '1, 101, "red", "flat"',
        '1, 2, "red"', '1, 2, "red", "flat", 5', '"", 2, "red", "flat"', '1, 2, " red", "flat"', "",
    ],
)  # fmt: skip
def test_wrong_categories_are_left_to_the_careful_way(mixed: FastReader, row: str) -> None:
    assert mixed.json(f'{{"instances": [[{row}]]}}'.encode()) is None


@pytest.mark.parametrize(
    "line",
    [
        "1,2,blue,flat", "1,,red,flat", "x,2,red,flat", "1,101,red,flat", "1,2,red", "1,2,red,flat,5",
        "1,2, red,flat",
        "", "1,2,,flat", '1,2,"red",flat', "1,2,red,flat\r", "nan,2,red,flat",
        " ,2,red,flat", "1,2,red,flat\n",
    ],
)  # fmt: skip
def test_wrong_lines_with_categories_are_left_to_the_careful_way(
    mixed: FastReader, line: str
) -> None:
    assert mixed.csv(line.encode()) is None
    assert mixed.csv(b"1,2,red\xff,flat") is None


@pytest.mark.parametrize("lines", [1, 5, 100])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("size", [1, 20, 64, 10_000])
def test_blocks_are_whole_lines(lines: int, end: str, size: int) -> None:
    rows = [f"{number},{'9' * (number % 30)}" for number in range(lines)]
    chunks = list(csv_chunks(end.join([*rows, ""]).encode(), size))
    assert b"\n".join(chunks).decode().split("\n") == rows
    longest = max(map(len, rows))
    assert all(len(chunk) <= max(size, longest) for chunk in chunks)


@pytest.mark.parametrize("body", [b'1\n"2\n3"\n4\n', b"1\n\n2\n3\n", b"1\r2\n3\n4\n"])
def test_a_body_whose_lines_may_not_be_rows_is_one_block(body: bytes) -> None:
    assert list(csv_chunks(body, 2)) == [body.rstrip()]
