"""The files between the jobs: read back bit by bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.config.use_case import parse_use_case
from ml.data import frames, parquet
from ml.data.column_cells import Texts
from ml.data.frames import (
    find_split,
    make_frame,
    read_frame,
    write_frame,
    write_sample,
    write_split,
)
from ml.errors import JobError

numbers = st.floats(allow_infinity=False, width=64)
texts = st.sampled_from(["red", "NA", "null", "", "a,b", 'say "x"', "two\nlines", "é", "1.0"])
rows = st.lists(st.tuples(numbers, numbers, texts), min_size=1, max_size=20)


@pytest.fixture(scope="module")
def use_case():
    return parse_use_case(
        {
            "name": "frames",
            "description": "Of the tests.",
            "task": "classification",
            "target": "t",
            "columns": [
                {"name": "a", "type": "number"},
                {"name": "b", "type": "number"},
                {"name": "t", "type": "category", "values": ["red", "NA"]},
            ],
            "model": {"estimator": "SVC"},
            "metric": {"name": "accuracy", "threshold": 0, "direction": "maximize"},
        }
    )


@settings(max_examples=50, deadline=None)
@given(rows)
def test_what_is_written_is_read_back(use_case, tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "frame.csv"
    a, b, t = (
        np.array(values, dtype=kind)
        for values, kind in zip(zip(*rows, strict=True), (float, float, object), strict=True)
    )
    write_frame(make_frame({"a": a, "b": b, "t": t}), path)
    frame = read_frame(path, use_case)
    assert frame["a"].to_numpy().tobytes() == np.where(np.isnan(a), np.nan, a).tobytes()
    assert frame["b"].to_numpy().tobytes() == np.where(np.isnan(b), np.nan, b).tobytes()
    assert frame["t"].tolist() == t.tolist()


def test_a_missing_file_and_other_columns_are_refused(use_case, tmp_path):
    with pytest.raises(JobError, match="the preprocess job writes it"):
        read_frame(tmp_path / "train.csv", use_case)
    (tmp_path / "train.csv").write_text("a,t,b\n1,red,2\n")
    with pytest.raises(
        JobError, match="has the columns a, t, b; the use case frames expects a, b, t"
    ):
        read_frame(tmp_path / "train.csv", use_case)


lines = st.text(st.sampled_from('ab,"\r\n\u0085\u2028\x00 \u00e9\U0001f600'), max_size=8)


@pytest.mark.parametrize("limit", [0, 100], ids=["parquet", "csv"])
@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(numbers, lines), min_size=1, max_size=12))
def test_a_part_is_read_back_from_either_format(use_case, tmp_path_factory, limit, rows):
    if limit == 0 and not parquet.installed():
        pytest.skip("polars is not installed")
    folder = tmp_path_factory.getbasetemp() / f"part-{limit}"
    a = np.array([row[0] for row in rows])
    a[np.isnan(a)] = np.nan  # of the many NaNs the usual one
    texts = [row[1].replace("\x00", "") if limit else row[1] for row in rows]
    codes = np.arange(len(rows), dtype=np.int32)
    whole = {"a": a, "b": a, "t": Texts(texts, codes)}
    half = len(rows) // 2
    chunks = [
        {"a": a[part], "b": a[part], "t": Texts(texts, codes[part])}
        for part in (slice(0, half), slice(half, None))
    ]
    frames.PARQUET_ROWS, before = limit, frames.PARQUET_ROWS
    try:
        path = write_split(chunks, use_case, folder, "train", len(rows))
        first = path.read_bytes()
        assert path == find_split(folder, "train")
        again = write_split([whole], use_case, folder, "train", len(rows)).read_bytes()
        assert again == first or limit  # a lone \r puts quotes around its chunk of a CSV
    finally:
        frames.PARQUET_ROWS = before
    frame = read_frame(path, use_case)
    assert frame["a"].to_numpy().tobytes() == a.tobytes()
    assert frame["t"].tolist() == texts
    assert frame.dtypes.tolist() == [float, float, object]


def test_two_files_of_one_part_are_refused(tmp_path):
    for suffix in ("csv", "parquet"):
        (tmp_path / f"train.{suffix}").write_bytes(b"")
    with pytest.raises(JobError, match=r"holds train\.parquet and train\.csv"):
        find_split(tmp_path, "train")


def test_parquet_of_others_and_without_polars_is_refused(use_case, tmp_path, monkeypatch):
    path = tmp_path / "train.parquet"
    path.write_bytes(b"PAR1 no")
    if parquet.installed():
        with pytest.raises(JobError, match="is not the Parquet that preprocess writes"):
            read_frame(path, use_case)
    monkeypatch.setattr(parquet, "pl", None)
    with pytest.raises(JobError, match=r"polars is not installed.*set ImageTag to an own image"):
        read_frame(path, use_case)


def test_a_part_takes_the_place_of_an_earlier_one(use_case, tmp_path, monkeypatch):
    pytest.importorskip("polars")
    chunk = {"a": np.ones(2), "b": np.ones(2), "t": Texts(["red"], np.zeros(2, dtype=np.int32))}
    write_split([chunk], use_case, tmp_path, "test", 2)
    monkeypatch.setattr(frames, "PARQUET_ROWS", 1)
    write_split([chunk], use_case, tmp_path, "test", 2)
    write_sample([chunk], use_case, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sample.csv", "test.parquet"]
    assert (tmp_path / "sample.csv").read_text() == "a,b,t\n1.0,1.0,red\n1.0,1.0,red\n"


def test_without_polars_a_large_part_is_csv(use_case, tmp_path, monkeypatch):
    monkeypatch.setattr(frames, "PARQUET_ROWS", 1)
    monkeypatch.setattr(parquet, "pl", None)
    chunk = {"a": np.ones(2), "b": np.ones(2), "t": Texts(["red"], np.zeros(2, dtype=np.int32))}
    path = write_split([chunk], use_case, tmp_path, "test", 2)
    assert path.name == "test.csv"
    assert read_frame(path, use_case)["t"].tolist() == ["red", "red"]


@pytest.mark.skipif(not parquet.installed(), reason="polars is not installed")
def test_texts_keep_their_place_among_numbers(tmp_path, monkeypatch):
    kinds = {"name": "text", "a": "number", "colour": "category", "b": "number"}
    columns = [
        {"name": name, "type": kind, **({"values": ["red", "green"]} if kind == "category" else {})}
        for name, kind in kinds.items()
    ]
    document = {
        "name": "mixed",
        "description": "Of the tests.",
        "task": "regression",
        "target": "b",
        "columns": columns,
        "model": {"estimator": "Ridge"},
        "metric": {"name": "r2", "threshold": 0, "direction": "maximize"},
    }
    mixed = parse_use_case(document)
    codes = np.zeros(2, dtype=np.int32)
    chunk = {
        "name": Texts(["so"], codes),
        "a": np.array([1.0, np.nan]),
        "colour": Texts(["red"], codes),
        "b": np.array([2.0, 3.0]),
    }
    monkeypatch.setattr(frames, "PARQUET_ROWS", 0)
    frame = read_frame(write_split([chunk], mixed, tmp_path, "train", 2), mixed)
    assert frame.columns.tolist() == mixed.column_names
    assert frame.dtypes.tolist() == [object, float, object, float]
    assert frame["a"].tolist()[0] == 1.0 and np.isnan(frame["a"][1])
    assert frame["b"].tolist() == [2.0, 3.0]
    assert frame["name"].tolist() == ["so", "so"]
