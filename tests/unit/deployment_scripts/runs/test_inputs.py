from __future__ import annotations

from pathlib import Path

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.runs.inputs import csv_files, list_inputs, upload_inputs
from tests.unit.deployment_scripts.fakes import FakeS3

PLACE = "s3://b/run-1/inference/"


def csv(folder: Path, name: str, text: str = "1,2\n") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text)
    return path


def test_the_folder_holds_exactly_the_uploaded_files(tmp_path: Path) -> None:
    s3 = FakeS3("b")
    for key in ("run-1/inference/refused.csv", "run-1/inference/output/old.out"):
        s3.put_object(Bucket="b", Key=key, Body=b"x")
    s3.put_object(Bucket="b", Key="run-1/inference/", Body=b"")  # a folder marker

    places = upload_inputs(s3, PLACE, [csv(tmp_path, "a.csv"), csv(tmp_path, "b.csv")])

    assert places == ["s3://b/run-1/inference/a.csv", "s3://b/run-1/inference/b.csv"]
    assert sorted(s3.buckets["b"]) == [
        "run-1/inference/",
        "run-1/inference/a.csv",
        "run-1/inference/b.csv",
        "run-1/inference/output/old.out",
    ]


def test_two_files_with_the_same_name_are_refused_before_the_upload(tmp_path: Path) -> None:
    s3 = FakeS3("b")

    with pytest.raises(OperatorError, match="same name"):
        upload_inputs(s3, PLACE, [csv(tmp_path / "1", "a.csv"), csv(tmp_path / "2", "a.csv")])

    assert s3.puts == []


def test_a_folder_stands_for_its_csv_files(tmp_path: Path) -> None:
    first, second = csv(tmp_path, "a.csv"), csv(tmp_path, "b.csv")
    (tmp_path / "notes.txt").touch()

    assert csv_files(tmp_path) == [first, second]
    assert csv_files(first) == [first]


def test_a_path_that_is_not_there_and_a_folder_without_csv(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="nowhere does not exist"):
        csv_files(tmp_path / "nowhere")
    with pytest.raises(OperatorError, match=r"holds no \.csv file"):
        csv_files(tmp_path)


def test_lists_what_lies_there_with_sizes() -> None:
    s3 = FakeS3("b")
    assert "nothing in s3://b/run-1/inference/ yet" in list_inputs(s3, PLACE)
    s3.put_object(Bucket="b", Key="run-1/inference/a.csv", Body=b"x" * 1234)
    s3.put_object(Bucket="b", Key="run-1/inference/output/a.csv.out", Body=b"x")

    assert list_inputs(s3, PLACE) == "data      s3://b/run-1/inference/a.csv  1,234 bytes"
