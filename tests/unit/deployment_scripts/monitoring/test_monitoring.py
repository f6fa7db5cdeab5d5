"""drift.py without AWS: the table, the labels, the execution that is followed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.monitoring import view
from landing_zone.monitoring.labels import upload_labels
from landing_zone.monitoring.machine import compare
from landing_zone.monitoring.reports import Report


def column(name: str, psi: float | None) -> dict[str, Any]:
    return {"column": name, "psi": psi, "missing_share": 0.0, "unknown_share": 0.125}


DOCUMENT = {
    "verdict": "drift",
    "summary": "drift: 1 of 2 columns on 600 rows: age (PSI 0.66)",
    "drifted_columns": ["age"],
    "limits": {"psi": 0.1},
    "prediction": column("prediction", 0.05),
    "columns": [column("age", 0.66), column("plan", None)],
    "quality": {
        "status": "as in training", "metric": "rmse", "value": 0.95, "low": 0.9, "high": 1.0,
        "rows": 1200, "training": 1.0,
    },
}  # fmt: skip


def test_the_table_has_a_bar_for_each_column() -> None:
    lines = list(view.table(Report("s3://b/f/", "2026-05-20-03-10-05", DOCUMENT)))
    assert lines == [
        "✗ drift: 1 of 2 columns on 600 rows: age (PSI 0.66)",
        "  column         PSI                            empty  unknown",
        "  prediction   0.050  ██                         0.0%    12.5%",
        "  age          0.660  ████████████████████████   0.0%    12.5%  ✗ drifted",
        "quality: rmse 0.95 (0.9 to 1) on 1,200 labels, 1 in the training: as in training",
        "report: s3://b/f/report.html",
    ]


class FakeS3:
    def upload_file(self, name: str, bucket: str, key: str) -> None:
        self.uploaded = (name, bucket, key)


def test_labels_are_checked_before_they_are_uploaded(tmp_path: Path) -> None:
    s3 = FakeS3()
    path = tmp_path / "labels.csv"
    path.write_text("inference_id,label\na,1\nb,2\n")
    place, count = upload_labels(s3, "bucket", "iris", path)
    assert count == 2
    assert place.startswith("s3://bucket/labels/iris/")
    assert place.endswith("-labels.csv")
    assert s3.uploaded[1:] == ("bucket", place.removeprefix("s3://bucket/"))
    for name, text, message in (
        ("a.csv", "id,label\n", "line 1: inference_id missing"),
        ("a.csv", "inference_id,label\n", "found no label"),
        ("a.jsonl", '{"label": 1}', "line 1: inference_id missing"),
        ("a.jsonl", "x", "line 1: not JSON"),
        ("a.txt", "", "allowed: .csv, .jsonl"),
    ):
        wrong = tmp_path / name
        wrong.write_text(text)
        with pytest.raises(OperatorError, match=message):
            upload_labels(s3, "bucket", "iris", wrong)


class FakeStates:
    def __init__(self, *ends: dict[str, Any]) -> None:
        self.answers = [{"status": "RUNNING"}, *ends]

    def start_execution(self, **request: str) -> dict[str, str]:
        self.request = request
        return {"executionArn": "arn:machine:1"}

    def describe_execution(self, **_: str) -> dict[str, Any]:
        return self.answers.pop(0)

    def get_execution_history(self, **_: Any) -> dict[str, Any]:
        return {"events": [{"stateEnteredEventDetails": {"name": "Compare"}}]}


def test_an_execution_is_followed_to_its_end() -> None:
    said: list[str] = []
    states = FakeStates({"status": "SUCCEEDED", "output": '{"Verdict": "no drift"}'})
    request = {"UseCase": "iris"}
    output = compare(states, "arn", request, seconds=0, say=said.append, sleep=lambda _: None)
    assert output == {"Verdict": "no drift"}
    assert said == ["started 1", "  Compare"]
    assert json.loads(states.request["input"]) == request


def test_the_cause_of_a_failure_is_shown() -> None:
    cause = json.dumps({"errorMessage": "endpoint x captures no requests", "errorType": "E"})
    states = FakeStates({"status": "FAILED", "cause": cause})
    with pytest.raises(OperatorError, match="is FAILED: endpoint x captures no requests"):
        compare(states, "arn", {}, seconds=0, say=lambda _: None, sleep=lambda _: None)
