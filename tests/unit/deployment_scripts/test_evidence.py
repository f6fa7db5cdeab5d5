from __future__ import annotations

import json
from typing import Any

import pytest

from landing_zone.errors import OperatorError
from landing_zone.evidence import Evidence, read_evidence, split_uri
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


def test_a_model_that_was_not_evaluated() -> None:
    with pytest.raises(OperatorError, match=KEY):
        read_evidence(FakeS3("workflow-bucket"), MANIFEST)


@pytest.mark.parametrize("uri", ["", "bucket/key", "s3:///key", "https://bucket/key"])
def test_a_place_that_is_not_in_s3_is_refused(uri: str) -> None:
    with pytest.raises(OperatorError, match="no place in S3"):
        split_uri(uri)
