"""A job package, and the answer to its upload."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.sources.job import job_values, job_zip, upload_key, wait_for_answer
from tests.unit.deployment_scripts.fakes import FakeS3


def test_the_same_files_give_the_same_key(tmp_path: Path) -> None:
    data = tmp_path / "rows.csv"
    data.write_text("a\n")
    body = job_zip([data], {})
    assert body == job_zip([data], {})
    assert upload_key("iris", body, ".zip") != upload_key("iris", job_zip([data], {"x": 1}), ".zip")
    bad = tmp_path / "my rows.csv"
    bad.write_text("")
    with pytest.raises(OperatorError, match=r"my rows\.csv cannot be in a job package"):
        job_zip([bad], {})
    with pytest.raises(OperatorError, match=r"two files have the name rows\.csv"):
        job_zip([data, data], {})


def test_values_are_those_of_the_manifest() -> None:
    assert job_values(["EndpointInstanceCount=2", "InstanceType=ml.m5.large"]) == {
        "EndpointInstanceCount": 2,
        "InstanceType": "ml.m5.large",
    }
    for text in ("RunId=1", "InstanceType"):
        with pytest.raises(
            OperatorError, match="cannot be set; allowed: KEY=VALUE of EndpointType"
        ):
            job_values([text])


def test_the_answer_is_that_of_this_version() -> None:
    s3 = FakeS3("bucket")

    def answer(**content: str) -> None:
        body = json.dumps(content).encode()
        s3.put_object(Bucket="bucket", Key="job-answers/iris/x.zip.json", Body=body)

    def wait(version: str) -> str:
        return wait_for_answer(
            s3, "bucket", "jobs/iris/x.zip", version, seconds=1, pause=1, sleep=lambda _: None
        )

    with pytest.raises(OperatorError, match="nothing has answered in 1 s"):
        wait("v1")
    answer(VersionId="v1", Status="Started", RunId="run-1")
    assert wait("v1") == "run-1"
    with pytest.raises(OperatorError, match="nothing has answered"):
        wait("v2")
    answer(VersionId="v2", Status="Refused", Reason="it has no CSV file")
    with pytest.raises(OperatorError, match="was refused: it has no CSV file"):
        wait("v2")
