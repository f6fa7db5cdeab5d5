"""The line of the input that a transform job refused, found by its hash in the log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest

from landing_zone.runs.bad_rows import refused_row
from landing_zone.runs.history import Step
from landing_zone.runs.logs import TRANSFORM_JOBS
from landing_zone.runs.pipeline import Pipeline
from landing_zone.runs.run import Action, Run
from tests.unit.deployment_scripts.fakes import (
    DEPLOYMENT,
    MANIFEST,
    START,
    FakeAws,
    FakePipelineApi,
    FakeS3,
    artifact,
    client_error,
)

BAD = b"5.1,x,1.4,0.2"
REASON = "column sepal_width: found 'x', expected a number from 0.1 to 30"


class FakeLogs:
    """The log of one transform job."""

    def __init__(self, *messages: str, error: Exception | None = None) -> None:
        self.messages = messages
        self.error = error
        self.asked: dict[str, str] = {}

    def get_paginator(self, operation: str) -> FakeLogs:
        assert operation == "filter_log_events"
        return self

    def paginate(self, **asked: str) -> Iterator[dict[str, Any]]:
        if self.error:
            raise self.error
        self.asked = asked
        yield {"events": [{"message": message} for message in self.messages]}


def logged(line: bytes, reason: str = f"row 77, {REASON}", **changes: object) -> str:
    event = {
        "event": "bad_row",
        "sha256": sha256(line).hexdigest()[:16],
        "row": 77,
        "reason": reason,
        "line": f"'{line.decode()}'",
    }
    return json.dumps({**event, **changes}) + "\n"


def refused(logs: FakeLogs, *files: bytes, log_group: str = TRANSFORM_JOBS) -> str:
    s3 = FakeS3("workflow-bucket", "artifact-bucket")
    for number, body in enumerate(files):
        key = f"run-1/inference/{number}.csv"
        s3.put_object(Bucket="workflow-bucket", Key=key, Body=body)
    s3.put_object(Bucket="artifact-bucket", Key="m", Body=artifact(MANIFEST))
    aws = FakeAws(s3=s3, logs=logs, codepipeline=FakePipelineApi())
    step = Step("Transform", "iris-1", "Failed", START, START, log_group)
    outputs = {"InferenceManifest": ("artifact-bucket", "m")}
    update = Action("InferenceStage", "Update", "Lambda", "Succeeded", outputs=outputs)
    failed = Action("InferenceStage", "Inference", "StepFunctions", "Failed", steps=(step,))
    return refused_row(aws, Pipeline(aws, DEPLOYMENT), Run("run-1", "Failed", (update, failed), {}))


def test_the_line_is_found_in_a_file_of_several_parts() -> None:
    good = b"5.1,3.5,1.4,0.2\n" * 100_000  # more than is read at once
    logs = FakeLogs("GET /ping", logged(BAD))

    text = refused(logs, b"5.1,3.5,1.4,0.2\n", good + BAD + b"\r\n" + good)

    assert text == (
        f"bad row: line 100,001 of s3://workflow-bucket/run-1/inference/1.csv: {REASON}: '5.1,x,1.4,0.2'"
    )
    assert logs.asked["logGroupName"] == TRANSFORM_JOBS
    assert logs.asked["logStreamNamePrefix"] == "iris-1/"


def test_of_several_the_first_in_the_file_is_shown() -> None:
    other = b"9,y,9,9"

    text = refused(FakeLogs(logged(other), logged(BAD)), BAD + b"\n" + other)

    assert "line 1 of " in text


def test_several_problems_of_a_row_are_shown_without_its_number_in_the_request() -> None:
    reason = (
        "row 77, column a: found 'x', expected 1; row 77, column b: found 'row 7, c', expected 2"
    )

    assert refused(FakeLogs(logged(BAD, reason)), b"\xef\xbb\xbf" + BAD).endswith(
        "0.csv: column a: found 'x', expected 1; column b: found 'row 7, c', expected 2: '5.1,x,1.4,0.2'"
    )


def test_a_row_that_is_no_longer_in_the_input_is_shown_without_its_line() -> None:
    assert refused(FakeLogs(logged(BAD)), b"1,2,3,4\n") == f"bad row: {REASON}: '5.1,x,1.4,0.2'"


@pytest.mark.parametrize(
    "other",
    ["bad_row", '["bad_row"]', '{"event": "bad_row"}', logged(BAD, event="bad_rows"), "{"],
)
def test_other_lines_of_the_log_are_ignored(other: str) -> None:
    assert refused(FakeLogs(other), BAD) == ""
    assert "line 1 of " in refused(FakeLogs(other, logged(BAD, "no number", row=None)), BAD)


@pytest.mark.parametrize("log_group", [TRANSFORM_JOBS, "/aws/sagemaker/TrainingJobs"])
def test_a_job_that_failed_for_another_reason(log_group: str) -> None:
    assert refused(FakeLogs("killed"), BAD, log_group=log_group) == ""


def test_an_unreadable_log_is_reported() -> None:
    text = refused(FakeLogs(error=client_error("AccessDeniedException", "FilterLogEvents")), BAD)

    assert text.startswith("bad row: not looked for, An error occurred (AccessDeniedException)")
