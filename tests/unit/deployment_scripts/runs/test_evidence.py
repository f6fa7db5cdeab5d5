from __future__ import annotations

import json
from typing import Any

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.runs.evidence import Evidence, read_evidence
from tests.unit.deployment_scripts.fakes import EVALUATION, MANIFEST, FakeS3

KEY = "run-1/evaluation/output/evaluation.json"


def evidence(**gate: Any) -> Evidence:
    return Evidence("s3://b/", {**EVALUATION["gate"], **gate}, {})  # type: ignore[dict-item]


def test_reads_gate_and_metrics() -> None:
    s3 = FakeS3("workflow-bucket")
    s3.put_object(Bucket="workflow-bucket", Key=KEY, Body=json.dumps(EVALUATION).encode())

    found = read_evidence(s3, MANIFEST)

    assert found.metrics == {"r2": 0.85, "mse": 0.01}
    text = found.text()
    assert "r2 0.8500 >= 0.8 on 100 held-out rows" in text
    assert "s3://workflow-bucket/run-1/evaluation/output/report.html" in text


@pytest.mark.parametrize(
    ("direction", "value", "passed", "sign"),
    [
        ("maximize", 0.8, True, ">="),
        ("maximize", 0.79, False, "<"),
        ("minimize", 0.8, True, "<="),
        ("minimize", 0.81, False, ">"),
    ],
)
def test_the_verdict_follows_the_direction(
    direction: str, value: float, passed: bool, sign: str
) -> None:
    found = evidence(direction=direction, value=value)

    assert found.passed is passed
    assert f"{value:.4f} {sign} 0.8 " in found.verdict


def test_the_verdict_shows_the_side_of_the_threshold() -> None:
    assert "r2 0.79999 < 0.8 " in evidence(value=0.79999).verdict
    assert "r2 0.80000001 >= 0.8 " in evidence(value=0.80000001).verdict
    below = 0.7999999999999999
    assert f"r2 {below} < 0.8 " in evidence(value=below).verdict


COMPARED = {
    "status": "compared",
    "metric": "r2",
    "difference": 0.0109809,
    "regression": -0.0109809,
    "interval": {"level": 0.95, "low": 0.00426769, "high": 0.0186525},
}
GROUP = {"column": "age", "group": "34 to 41", "rows": 243, "value": 0.0908367}


@pytest.mark.parametrize(
    ("champion", "line"),
    [
        (COMPARED, "champion  r2 +0.01098 (95% from +0.004268 to +0.01865): better"),
        (
            {**COMPARED, "metric": "mae", "regression": 0.0109809},
            "champion  mae +0.01098 (95% from +0.004268 to +0.01865): worse",
        ),
        (
            {**COMPARED, "interval": {"level": 0.95, "low": -0.01, "high": 0.03}},
            "champion  r2 +0.01098 (95% from -0.01 to +0.03): may be chance",
        ),
        (
            {"status": "not compared", "reason": "it fails:\n\x1b[31mno"},
            "champion  not compared: it fails:  [31mno",
        ),
    ],
)
def test_the_champion_in_one_line(champion: dict[str, Any], line: str) -> None:
    found = Evidence("s3://b/", EVALUATION["gate"], {}, champion)  # type: ignore[arg-type]

    assert line in found.text().splitlines()
    assert not [text for text in found.text().splitlines() if text.startswith("worst")]


@pytest.mark.parametrize(
    ("worst", "line"),
    [
        ([GROUP, GROUP], "worst     age 34 to 41: rmse 0.09084 on 243 rows, 0.08071 on all"),
        ([], "worst     none is worse than all rows"),
    ],
)
def test_the_worst_group_in_one_line(worst: list[dict[str, Any]], line: str) -> None:
    s3 = FakeS3("workflow-bucket")
    slices = {"metric": "rmse", "value": 0.0807062, "worst": worst}
    body = json.dumps({**EVALUATION, "champion": COMPARED, "slices": slices})
    s3.put_object(Bucket="workflow-bucket", Key=KEY, Body=body.encode())

    lines = read_evidence(s3, MANIFEST).text().splitlines()

    assert lines[1].startswith("champion  r2 +0.01098")
    assert lines[2] == line


def test_a_model_that_was_not_evaluated() -> None:
    with pytest.raises(OperatorError, match=KEY):
        read_evidence(FakeS3("workflow-bucket"), MANIFEST)
