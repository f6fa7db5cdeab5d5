"""The benchmark itself on few rows: its figures are complete, and a wrong result is not reported."""

from __future__ import annotations

import polars as pl
import pytest

from benchmarks import check_splits, measure, preprocess
from benchmarks.housing_data import write_housing


@pytest.fixture
def small_parent(monkeypatch):
    monkeypatch.setattr(
        measure.resource, "getrusage", lambda who: type("Used", (), {"ru_maxrss": 0})
    )


@pytest.mark.usefixtures("small_parent")
def test_a_small_run_is_complete(tmp_path):
    result = preprocess.benchmark(4000, 1, tmp_path)
    assert (result["rows"], result["repeats"]) == (4000, 1)
    assert set(result["ratios"]) == set(preprocess.TARGETS)
    text = preprocess.table(result)
    assert "| pandas script (checks, split) | 4,000 |" in text
    assert str(tmp_path) not in text
    assert "times faster" in preprocess.missed(result)  # starting Python is most of it


@pytest.fixture
def outputs(tmp_path):
    write_housing(tmp_path / "housing.csv", 300)
    rows = pl.read_csv(tmp_path / "housing.csv")
    for name in ("ours/train", "ours/test", "ours/model", "pandas"):
        (tmp_path / name).mkdir(parents=True)
    for folder in ("ours/train", "pandas"):
        rows.head(200).write_csv(tmp_path / folder / "train.csv")
    for folder in ("ours/test", "pandas"):
        rows.tail(100).write_csv(tmp_path / folder / "test.csv")
    (tmp_path / "ours/model/profile.json").write_text(
        '{"split": {"train": {"rows": 200}, "test": {"rows": 100}}}'
    )
    return tmp_path, rows


def check(folder):
    return check_splits.main(folder / "housing.csv", folder / "ours", folder / "pandas")


def test_right_parts_pass(outputs):
    assert check(outputs[0]) == ""


def test_a_lost_or_changed_or_doubled_row_is_found(outputs):
    folder, rows = outputs
    test = folder / "ours/test/test.csv"
    rows.tail(99).write_csv(test)
    assert check(folder) == "ours does not write the 300 rows of housing.csv"
    rows.tail(100).with_columns(pl.col("households") + 1).write_csv(test)
    assert "does not write" in check(folder)
    rows.tail(100).write_csv(test)
    rows.tail(99).write_csv(folder / "pandas/test.csv")
    assert check(folder).startswith("pandas does not write")


def test_a_row_on_both_sides_is_found(outputs):
    folder, rows = outputs
    doubled = pl.concat([rows, rows.head(1)])
    doubled.write_csv(folder / "housing.csv")
    for name in ("ours/test", "pandas"):
        pl.concat([rows.tail(100), rows.head(1)]).write_csv(folder / name / "test.csv")
    assert check(folder) == "a row is in train and in test"


def test_the_data_is_the_same_for_a_seed_and_fits_the_use_case(tmp_path):
    for name in ("a", "b"):
        write_housing(tmp_path / name, 1000)
    write_housing(tmp_path / "c", 1000, seed=1)
    first = (tmp_path / "a").read_bytes()
    assert first == (tmp_path / "b").read_bytes() != (tmp_path / "c").read_bytes()
    for column in preprocess.housing_use_case()["columns"]:
        values = pl.read_csv(tmp_path / "a")[column["name"]]
        assert values.is_between(column["minimum"], column["maximum"]).all()
