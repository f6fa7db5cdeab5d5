"""The data gate: what passes unchanged, and each violation with column, count, lines and values."""

from __future__ import annotations

import numpy as np
import pytest

from ml.config.use_case import parse_use_case
from ml.data import csv_files
from ml.data.data_gate import gate
from ml.data.violations import DataRefusedError
from tests.unit.workflow.helpers import as_csv, frame_of_data


def refusal(folder, use_case) -> DataRefusedError:
    with pytest.raises(DataRefusedError) as caught:
        gate(folder, use_case)
    assert len(str(caught.value).encode()) <= 960
    return caught.value


def only_violation(folder, use_case):
    violations = refusal(folder, use_case).violations
    assert len(violations) == 1, [violation.short() for violation in violations]
    return violations[0]


def test_good_data_passes_unchanged(write_data, small, small_rows):
    data = gate(write_data(as_csv(small_rows)), small)
    assert list(frame_of_data(data).columns) == ["size", "count", "colour", "label"]
    assert frame_of_data(data)["size"].tolist() == [number / 4 for number in range(20)]
    assert frame_of_data(data)["colour"].tolist() == [row[2] for row in small_rows[1:]]
    assert frame_of_data(data)["size"].dtype == np.float64
    assert (data.files[0].name, data.files[0].rows) == ("data.csv", 20)
    assert (data.ignored_columns, data.dropped_duplicates) == ((), 0)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_files_of_other_programs_are_read(write_data, small, small_rows, delimiter, end, encoding):
    text = as_csv(small_rows, delimiter, end)
    expected = frame_of_data(gate(write_data(as_csv(small_rows)), small))
    assert frame_of_data(gate(write_data(text.encode(encoding)), small)).equals(expected)


def test_columns_may_come_in_any_order_with_spaces_quotes_and_blank_lines(
    write_data, small, small_rows
):
    shuffled = [
        [f' "{row[i]}"' if i != 3 else f"  {row[i]} " for i in (3, 0, 2, 1)] for row in small_rows
    ]
    text = "\n" + as_csv(shuffled).replace(' "', '"').replace("\n", "\n\n") + "\n"
    assert frame_of_data(gate(write_data(text), small)).equals(
        frame_of_data(gate(write_data(as_csv(small_rows)), small))
    )


def test_several_files_are_one_data_set(write_data, small, small_rows):
    whole = frame_of_data(gate(write_data(as_csv(small_rows)), small))
    (write_data("") / "data.csv").unlink()
    write_data(as_csv(small_rows[:8]), "a/1.csv")
    folder = write_data(as_csv([small_rows[0], *small_rows[8:]]), "b.CSV")
    write_data("not data", "notes.txt")
    data = gate(folder, small)
    assert frame_of_data(data).equals(whole)
    assert [(file.name, file.rows) for file in data.files] == [("a/1.csv", 7), ("b.CSV", 13)]


CELLS = [
    ("size", "abc", "text in a number column", "'abc'", "a number from 0 to 10"),
    ("size", "1,5", "text in a number column", "'1,5'", "a number from 0 to 10"),
    ("size", "NaN", "text in a number column", "'NaN'", "a number from 0 to 10"),
    ("size", "inf", "text in a number column", "'inf'", "a number from 0 to 10"),
    ("size", "1e999", "text in a number column", "'1e999'", "a number from 0 to 10"),
    ("size", "1_0", "text in a number column", "'1_0'", "a number from 0 to 10"),
    ("size", "٣", "text in a number column", "'٣'", "a number from 0 to 10"),
    ("size", "10.01", "out of range", "'10.01'", "a number from 0 to 10"),
    ("size", "-1", "out of range", "'-1'", "a number from 0 to 10"),
    ("size", "", "empty", "empty cells", "a number from 0 to 10"),
    ("count", "1.5", "not whole", "'1.5'", "a whole number of at least 0"),
    ("colour", "blue", "value not allowed", "'blue'", "one of red, green"),
    ("colour", "Red", "value not allowed", "'Red'", "one of red, green"),
    ("label", "", "target is empty", "empty cells", "one of no, yes"),
]


@pytest.mark.parametrize(("column", "cell", "what", "found", "expected"), CELLS)
def test_a_wrong_cell_names_column_count_lines_found_and_expected(
    write_data, small, small_rows, column, cell, what, found, expected
):
    position = small_rows[0].index(column)
    for line in (3, 7):
        small_rows[line - 1][position] = f'"{cell}"'
    violation = only_violation(write_data(as_csv(small_rows)), small)
    assert (violation.column, violation.what) == (column, what)
    assert (violation.rows, violation.lines) == (2, ("3", "7"))
    assert (violation.found, violation.expected) == (found, expected)
    assert violation.next_step
    assert f"column {column}: 2 rows (lines 3, 7): {what}" in str(
        refusal(write_data(as_csv(small_rows)), small)
    )


def test_only_the_first_lines_and_values_are_shown(write_data, small, small_rows):
    for number, row in enumerate(small_rows[1:]):
        row[0] = f"x{number}"
    violation = only_violation(write_data(as_csv(small_rows)), small)
    assert (violation.rows, violation.lines) == (20, ("2", "3", "4", "5", "6"))
    assert violation.found == "'x0', 'x1', 'x2' and 17 other values"
    assert "20 rows (lines 2, 3, 4, 5, 6, ...)" in violation.short()


def test_a_missing_column_names_its_likely_twin(write_data, small, small_rows):
    small_rows[0][0] = "Size"
    violations = refusal(write_data(as_csv(small_rows)), small).violations
    assert [(v.column, v.what, v.rows, v.found) for v in violations] == [
        ("size", "column missing", 20, "a column 'Size'"),
        ("Size", "unexpected column", 20, "a column the use case does not list"),
    ]


def test_an_unexpected_column_can_be_ignored(write_data, small_document, small_rows):
    rows = [[*row, "note" if row[0] == "size" else "x"] for row in small_rows]
    small_document["data"]["unexpected_columns"] = "ignore"
    data = gate(write_data(as_csv(rows)), parse_use_case(small_document))
    assert data.ignored_columns == ("note",)
    assert "note" not in frame_of_data(data)


def test_a_repeated_column_is_refused_once(write_data, small, small_rows):
    rows = [[*row, row[0]] for row in small_rows]
    violation = only_violation(write_data(as_csv(rows)), small)
    assert (violation.column, violation.what) == ("size", "repeated in the header")


def test_rows_of_another_length_are_refused(write_data, small, small_rows):
    small_rows[4].append("extra")
    small_rows[9].pop()
    violation = only_violation(write_data(as_csv(small_rows)), small)
    assert (violation.what, violation.rows, violation.lines) == (
        "wrong number of cells",
        2,
        ("5", "10"),
    )
    assert (violation.found, violation.expected) == ("3, 5 cells in a row", "4, as in the header")


def test_lines_are_counted_through_cells_with_line_breaks(write_data, small_document, small_rows):
    small_document["columns"][2] = {"name": "colour", "type": "text"}
    small_rows[2][2] = '"a\nb"'
    small_rows[5][0] = "x"
    violation = only_violation(write_data(as_csv(small_rows)), parse_use_case(small_document))
    assert violation.lines == ("7",)


@pytest.mark.parametrize(
    ("content", "what", "found"),
    [
        ("", "empty file", "0 bytes and no line with data"),
        ("\ufeff\n\n", "empty file", "5 bytes and no line with data"),
        ("size,count,colour,label\n", "no rows", "a header line only"),
        (
            'size,count,colour,label\n"1,2,3\n',
            "not readable as CSV",
            "unexpected end of data at line",
        ),
    ],
)
def test_a_file_without_rows_is_refused(write_data, small, content, what, found):
    violation = only_violation(write_data(content), small)
    assert (violation.what, violation.file) == (what, "data.csv")
    assert violation.found.startswith(found)


def test_a_folder_without_csv_is_refused(write_data, small, tmp_path):
    assert only_violation(write_data("x", "data.xlsx"), small).found == "data.xlsx"
    (tmp_path / "empty").mkdir()
    assert only_violation(tmp_path / "empty", small).found == "an empty folder"
    assert only_violation(tmp_path / "not there", small).found == "an empty folder"


def test_a_file_without_header_is_named_as_such(write_data):
    numbers = parse_use_case(
        {
            "name": "numbers",
            "description": "Numbers only.",
            "task": "regression",
            "target": "y",
            "columns": [{"name": "x", "type": "number"}, {"name": "y", "type": "number"}],
            "model": {"estimator": "LinearRegression"},
            "metric": {"name": "r2", "threshold": 0, "direction": "maximize"},
        }
    )
    text = "".join(f"{n},{n * 2}\n" for n in range(60))
    violations = refusal(write_data(text), numbers).violations
    assert [violation.what for violation in violations] == ["no header line"]
    constant = only_violation(write_data("x,y\n" + "1,2\n" * 60), numbers)
    assert (constant.what, constant.found) == ("target never changes", "2.0 in every row")


def test_files_with_other_columns_are_refused(write_data, small, small_rows):
    write_data(as_csv(small_rows), "a.csv")
    folder = write_data(as_csv([row[:3] for row in small_rows]), "b.csv")
    violations = refusal(folder, small).violations
    assert violations[0].file == "b.csv"
    assert violations[0].found == "without label"


def test_lines_of_several_files_carry_the_file(write_data, small, small_rows):
    write_data(as_csv(small_rows), "a.csv")
    small_rows[5][0] = "x"
    folder = write_data(as_csv(small_rows), "b.csv")
    assert only_violation(folder, small).lines == ("b.csv:6",)


def test_missing_cells_up_to_the_share_are_accepted(write_data, small_document, small_rows):
    small_document["columns"][0]["maximum_missing_share"] = 0.1
    small_document["columns"][2]["maximum_missing_share"] = 0.1
    use_case = parse_use_case(small_document)
    for line in (2, 3):
        small_rows[line][0] = ""
        small_rows[line][2] = ""
    frame = frame_of_data(gate(write_data(as_csv(small_rows)), use_case))
    assert (frame["size"].isna().sum(), (frame["colour"] == "").sum()) == (2, 2)
    small_rows[5][0] = ""
    violation = only_violation(write_data(as_csv(small_rows)), use_case)
    assert (violation.found, violation.expected) == (
        "15.0% of the cells empty",
        "at most 10.0% empty",
    )


@pytest.mark.parametrize(("policy", "rows"), [("keep", 22), ("drop", 20)])
def test_repeated_rows_are_kept_or_dropped(write_data, small_document, small_rows, policy, rows):
    small_document["data"]["duplicates"] = policy
    folder = write_data(as_csv([*small_rows, small_rows[1], small_rows[2]]))
    data = gate(folder, parse_use_case(small_document))
    assert (len(frame_of_data(data)), data.dropped_duplicates) == (rows, 22 - rows)


def test_repeated_rows_are_refused_where_asked(write_data, small_document, small_rows):
    small_document["data"]["duplicates"] = "refuse"
    folder = write_data(as_csv([*small_rows, small_rows[1]]))
    violation = only_violation(folder, parse_use_case(small_document))
    assert (violation.what, violation.rows, violation.lines) == ("repeated rows", 1, ("22",))


def test_too_few_rows_and_labels_are_refused(write_data, small, small_rows):
    rows = [row for row in small_rows if row[3] != "yes"][:6]
    violations = refusal(write_data(as_csv(rows)), small).violations
    assert [(v.what, v.found, v.expected) for v in violations] == [
        ("too few rows", "5 rows", "at least 10"),
        ("too few rows of 'yes'", "0", "at least 2"),
    ]


def test_every_violation_is_in_the_refusal(write_data, small, small_rows):
    small_rows[1][0] = "abc"
    small_rows[2][0] = "99"
    small_rows[3][1] = "1.5"
    small_rows[4][2] = "blue"
    small_rows[5][3] = ""
    error = refusal(write_data(as_csv(small_rows)), small)
    assert len(error.violations) == 5
    for violation in error.violations:
        assert violation.place() in str(error)
        assert violation.long() in error.details()
    assert str(error).startswith("Data refused: 5 violations in data.csv (20 rows).")


@pytest.mark.parametrize("chunk_bytes", [5, 16, 4 << 20])
@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"a,b\n1,2\n\xfc,3\n", "the byte fc in line 3"),
        ("a,b\n1,\u00fc\n2,\u00e9\n".encode() + b"\xe2\x82", "the byte e2 in line 4"),
        (b"a,b\n\xe2\x82\n", "the byte e2 in line 2"),
        ("a,b\n1,2\n".encode("utf-16"), "the byte order mark of UTF-16 (ff fe) in line 1"),
        ("\ufeffa,b\n1,\u20ac\n".encode(), ""),
    ],
)
def test_the_first_byte_that_is_not_utf8_is_named(
    monkeypatch, tmp_path, chunk_bytes, content, found
):
    monkeypatch.setattr(csv_files, "CHUNK_BYTES", chunk_bytes)
    (tmp_path / "data.csv").write_bytes(content)
    assert csv_files.find_encoding(tmp_path / "data.csv")[1] == found


def test_a_feature_that_is_the_target_is_refused(write_data):
    document = {
        "name": "leak",
        "description": "A column holds the answer.",
        "task": "regression",
        "target": "y",
        "columns": [{"name": name, "type": "number"} for name in ("x", "price", "y")],
        "model": {"estimator": "LinearRegression"},
        "metric": {"name": "r2", "threshold": 0, "direction": "maximize"},
    }
    rows = [["x", "price", "y"], *([str(n), str(n * 2), f"{n * 2}.0"] for n in range(60))]
    violation = only_violation(write_data(as_csv(rows)), parse_use_case(document))
    assert (violation.column, violation.what) == ("price", "the target under another name")
    rows[30][1] = "0"
    gate(write_data(as_csv(rows)), parse_use_case(document)).close()


def test_a_label_of_too_small_a_share_is_refused(write_data, small_document, small_rows):
    small_document["data"]["minimum_class_share"] = 0.3
    rows = [row for n, row in enumerate(small_rows) if n < 2 or row[3] == "no" or n % 4 == 1]
    share = sum(row[3] == "yes" for row in rows) / (len(rows) - 1)
    small_document["data"]["minimum_class_share"] = share + 0.01
    violation = only_violation(write_data(as_csv(rows)), parse_use_case(small_document))
    assert violation.what == "too small a share of 'yes'"
    assert violation.found == f"{share:.2%} of the rows"
    small_document["data"]["minimum_class_share"] = share - 0.01
    gate(write_data(as_csv(rows)), parse_use_case(small_document)).close()


def test_a_text_names_its_length_or_character(write_data, small_document, small_rows):
    small_document["columns"][2] = {
        "name": "colour", "type": "text", "minimum_length": 3, "maximum_length": 8
    }  # fmt: skip
    small_rows[3][2], small_rows[5][2] = "no", "a bell\x07"
    violation = only_violation(write_data(as_csv(small_rows)), parse_use_case(small_document))
    assert (violation.what, violation.rows, violation.lines) == (
        "text not accepted",
        2,
        ("4", "6"),
    )
    assert violation.found == "2 characters, the character U+0007 at position 7"
