"""Data read with polars and with the csv module: the same rows, verdicts, messages, split and profile."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ml.config.use_case import parse_use_case
from ml.data import csv_files, csv_rows
from ml.data.data_gate import GatedData, gate
from ml.data.frames import write_split
from ml.data.profile import columns_statistics, make_profile
from ml.data.split import held_out_rows
from ml.data.violations import DataRefusedError
from tests.unit.workflow.conftest import ROOT, SMALL, shipped_document
from tests.unit.workflow.helpers import as_csv, frame_of_data

pytest.importorskip("polars")

TEXTS = {
    "name": "texts",
    "description": "Texts with labels.",
    "task": "classification",
    "target": "label",
    "columns": [
        {"name": "text", "type": "text", "minimum_length": 2, "maximum_length": 60},
        {"name": "label", "type": "category", "values": ["no", "yes"]},
    ],
    "data": {"minimum_rows": 10, "minimum_class_rows": 2},
    "split": {"test_share": 0.3, "seed": 7},
    "model": {"estimator": "LogisticRegression"},
    "metric": {"name": "accuracy", "threshold": 0.6, "direction": "maximize"},
}


def outcome(folder, document, fast, scratch):
    """All that a reader may decide, in a form that compares."""
    use_case = parse_use_case(document)
    try:
        data = gate(folder, use_case, fast=fast)
    except DataRefusedError as error:
        return "refused", error.violations, str(error), error.details()
    try:
        return "accepted", *content(data, scratch / f"{fast}")
    finally:
        data.close()


def content(data: GatedData, scratch):
    test = held_out_rows(data.hashes, data.labels, data.same_features, data.use_case)
    files = [
        write_split(data.chunks(rows), data.use_case, scratch, split, int(rows.sum()))
        for split, rows in (("train", ~test), ("test", test))
    ]
    statistics = columns_statistics(data, ~test)
    profile = json.dumps(make_profile(data, test, *files, statistics))
    columns = [(name, frame_of_data(data)[name].tolist()) for name in frame_of_data(data)]
    return data.files, profile, repr(columns), [file.read_bytes() for file in files]


def agree(folder, document, scratch):
    careful = outcome(folder, document, False, scratch)
    assert outcome(folder, document, True, scratch) == careful
    return careful


@pytest.fixture(params=[64, 1000, 4 << 20], ids=["tiny chunks", "small chunks", "usual chunks"])
def chunk_bytes(request, monkeypatch):
    """Pieces so small that rows, quotes, characters and line ends fall on every border."""
    monkeypatch.setattr(csv_files, "CHUNK_BYTES", request.param)


@pytest.mark.parametrize(("name", "sample"), [("housing", "cal_housing.csv"), ("iris", "iris.csv")])
def test_on_the_samples(tmp_path, write_data, name, sample):
    folder = write_data((ROOT / "sample-files" / sample).read_bytes())
    assert agree(folder, shipped_document(name), tmp_path)[0] == "accepted"


ROWS = [["size", "count", "colour", "label"]] + [
    [f"{n / 4}", f"{n}", "red" if n % 3 else "green", "no" if n % 2 else "yes"] for n in range(20)
]


def with_cell(column, *cells):
    rows = [list(row) for row in ROWS]
    for line, cell in enumerate(cells, start=3):
        rows[line][column] = cell
    return rows


VIOLATIONS = {
    "text": with_cell(0, "abc", "1/5", "NaN", "inf", "1e999", "1_0", "٣", "0x1", "--1", "1e"),
    "range": with_cell(0, "10.01", "-1", "1e308", "-0.5", "99"),
    "empty": with_cell(0, "", " ", "\t"),
    "spaces": with_cell(0, " 1", "2 ", "\u00a03", "+4", ".5", "6.", "-0.0", "1E0"),
    "whole": with_cell(1, "1.5", "2.0", "2.50"),
    "values": with_cell(2, "blue", "Red", "rot\u00e9", " red", "red\u00a0", ""),
    "target": with_cell(3, "", "maybe"),
    "ragged": [*ROWS[:3], ROWS[3][:2], [*ROWS[4], "more"], *ROWS[5:]],
    "short and long": [*ROWS[:3], ROWS[3][:3], [*ROWS[4], "more"], *ROWS[5:]],
    "repeated column": [[*row, row[0]] for row in ROWS],
    "missing column": [row[1:] for row in ROWS],
    "renamed": [["Size", *ROWS[0][1:]], *ROWS[1:]],
    "extra": [[*row, "x"] for row in ROWS],
    "few": ROWS[:5],
    "one label": [row for row in ROWS if row[3] != "yes"],
    "blank lines": [ROWS[0], [], *ROWS[1:5], [], [], *ROWS[5:], []],
    "repeats": [*ROWS, ROWS[4], ROWS[4], ROWS[7]],
    "everything": [
        [*ROWS[0]], ["x", "1.5", "blue", ""], ["99", "", "", "maybe"], *ROWS[3:9], ["1"], *ROWS[9:],
    ],
}  # fmt: skip


@pytest.mark.parametrize("rows", VIOLATIONS.values(), ids=VIOLATIONS)
@pytest.mark.parametrize("duplicates", ["keep", "drop", "refuse"])
@pytest.mark.usefixtures("chunk_bytes")
def test_on_every_violation(tmp_path, write_data, rows, duplicates):
    document = {**SMALL, "data": {**SMALL["data"], "duplicates": duplicates}}
    for text in (as_csv(rows), as_csv(rows, ";", "\r\n")):
        agree(write_data(text), document, tmp_path)


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.usefixtures("chunk_bytes")
def test_on_missing_cells_and_ignored_columns(tmp_path, write_data, missing):
    columns = [{**column, "maximum_missing_share": missing} for column in SMALL["columns"][:3]]
    rules = {**SMALL["data"], "unexpected_columns": "ignore", "minimum_class_share": 0.4}
    document = {**SMALL, "columns": [*columns, SMALL["columns"][3]], "data": rules}
    rows = [[*row, f"note {n}"] for n, row in enumerate(ROWS)]
    for n in (4, 9, 11):
        rows[n][0] = rows[n][2] = ""
    kind, *_ = agree(write_data(as_csv(rows)), document, tmp_path)
    assert kind == ("accepted" if missing else "refused")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.usefixtures("chunk_bytes")
def test_on_files_of_other_programs(tmp_path, write_data, delimiter, end, encoding):
    document = {**SMALL, "columns": [dict(column) for column in SMALL["columns"]]}
    document["columns"][2]["values"] = ["red", "green", "vert fonc\u00e9"]
    rows = with_cell(2, "vert fonc\u00e9")
    content = as_csv(rows, delimiter, end).encode(encoding)
    assert agree(write_data(content), document, tmp_path)[0] == "accepted"
    strict = {**document, "data": {**document["data"], "encoding": "utf-8"}}
    kind, *_ = agree(write_data(content), strict, tmp_path)
    assert kind == ("accepted" if encoding.startswith("utf-8") else "refused")


@pytest.mark.usefixtures("chunk_bytes")
def test_on_several_files(tmp_path, write_data):
    write_data(as_csv(ROWS[:8]), "a.csv")
    write_data(as_csv([ROWS[0], *ROWS[8:]], ";"), "b.csv")
    folder = write_data("size,count,colour,label\n", "c.csv")
    kind, violations, *_ = agree(folder, SMALL, tmp_path)
    assert (kind, [v.what for v in violations]) == ("refused", ["no rows"])
    (folder / "c.csv").unlink()
    assert agree(folder, SMALL, tmp_path)[0] == "accepted"
    write_data(as_csv([[*row[::-1]] for row in with_cell(0, "x")]), "d.csv")
    _, violations, *_ = agree(folder, SMALL, tmp_path)
    assert violations[0].lines == ("d.csv:4",)


PLAIN = [f"text number {n} \u00fcber \U0001f600" for n in range(30)]
QUOTED = [f'"He said ""no {n}""\nand, left\r\nat\rlast"' for n in range(30)]


@pytest.mark.parametrize(
    "texts",
    [PLAIN, QUOTED, [*PLAIN[:15], *QUOTED[15:]], [*QUOTED[:3], '"open', *PLAIN[:9], '5" wide']],
    ids=["plain", "quoted", "both", "open quote"],
)
@pytest.mark.usefixtures("chunk_bytes")
def test_on_texts(tmp_path, write_data, texts):
    rows = [f"{text},{'yes' if n % 2 else 'no'}" for n, text in enumerate(texts)]
    result = agree(write_data("text,label\n" + "\n".join(rows) + "\n"), TEXTS, tmp_path)
    assert result[0] == ("refused" if '"open' in texts else "accepted")


def test_a_quote_left_open_is_refused_without_reading_on(monkeypatch, tmp_path, write_data):
    monkeypatch.setattr(csv_files, "CHUNK_BYTES", 1000)
    monkeypatch.setattr(csv_rows, "OPEN_QUOTE_BYTES", 5000)
    text = "text,label\n" + "fine,yes\n" * 10 + '"open,no\n' + "more,yes\n" * 5000
    _, violations, *_ = agree(write_data(text), TEXTS, tmp_path)
    assert violations[0].what == "not readable as CSV"
    assert int(violations[0].found.split()[-1]) < 2000


cell = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.text("0123456789+-.eE", max_size=12),
    st.text("0123456789.eE_ \t\u00a0infaNxd,;\"'\u0663", max_size=6),
    st.sampled_from(["", "1e400", "-0.0", "1e-400", "4.9e-324", "9007199254740993", "inf", "NaN"]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(cell, cell), min_size=1, max_size=12))
@example([("1", ""), ("", "")])
@example([(".1", "1.7976931348623159e308")])
def test_on_cells_of_any_kind(tmp_path_factory, cells):
    """A number is read to the same bits, and nothing else is taken for one."""
    folder = tmp_path_factory.getbasetemp() / "cells"
    folder.mkdir(exist_ok=True)
    text = "\n".join(["a,y", *(f"{a},{y}" for a, y in cells)])
    (folder / "data.csv").write_bytes(text.encode())
    file = csv_files.open_csv_file(folder / "data.csv", "data.csv", ["a", "y"])
    chunks = {fast: list(chunks_of(file, fast)) for fast in (True, False)}
    assert chunks[True] == chunks[False]


def chunks_of(file, fast):
    from ml.data.csv_polars import parse_chunk

    for chunk in csv_rows.chunks(file):
        parsed = parse_chunk(chunk, file, frozenset({"a", "y"}), fast)
        lines = [parsed.line(row) for row in range(parsed.rows)]
        yield parsed.rows, lines, parsed.line_count, parsed.ragged, parsed.error
        for column in parsed.columns.values():
            values, missing = column.numbers()
            none = np.zeros(len(values), dtype=bool)
            yield values.tobytes(), (none if missing is None else missing).tolist()
            texts = column.texts()
            yield texts.array().tolist(), column.at(range(parsed.rows))


def test_polars_reads_what_is_plain(monkeypatch, tmp_path, write_data):
    """Otherwise all tests above would compare the csv module with itself."""
    from ml.data import csv_polars

    def refuse(content, file):
        raise AssertionError(f"handed to the csv module: {content[:200]}")

    monkeypatch.setattr(csv_polars, "parse_carefully", refuse)
    plain = ["text", "range", "empty", "spaces", "whole", "values", "target", "repeats"]
    for name in plain:
        for end in ("\n", "\r\n"):
            outcome(write_data(as_csv(VIOLATIONS[name], ",", end)), SMALL, True, tmp_path)
    outcome(write_data("text,label\n" + "".join(f"{t},no\n" for t in PLAIN)), TEXTS, True, tmp_path)
    with pytest.raises(AssertionError, match="handed to the csv module"):
        outcome(write_data(as_csv(VIOLATIONS["ragged"])), SMALL, True, tmp_path)
