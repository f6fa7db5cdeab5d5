from __future__ import annotations

from typing import Any

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.runs.pipeline import Pipeline
from tests.unit.deployment_scripts.fakes import (
    DEPLOYMENT,
    MANIFEST,
    FakeAws,
    FakePipelineApi,
    FakeS3,
    Pages,
    artifact,
)
from tests.unit.deployment_scripts.runs.test_history import TRAINING, event

ML = "MachineLearningStage"
EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:training:one"


class FakeStepFunctions:
    def __init__(self, *events: Any) -> None:
        self.events = list(events)
        self.reads = 0

    def get_paginator(self, operation: str) -> Pages:
        assert operation == "get_execution_history"
        self.reads += 1
        return Pages({"events": self.events})


@pytest.fixture
def api() -> FakePipelineApi:
    made = FakePipelineApi()
    made.add_run("run-1", variables=[{"name": "UseCase", "resolvedValue": "iris"}])
    return made


def pipeline(api: FakePipelineApi, **clients: Any) -> Pipeline:
    return Pipeline(FakeAws(codepipeline=api, **clients), DEPLOYMENT)


def test_actions_that_have_not_started_are_in_the_order_of_the_pipeline(
    api: FakePipelineApi,
) -> None:
    run = pipeline(api).read("run-1")

    assert [action.name for action in run.actions] == [
        "UploadManifest",
        "InvokeCreateSchemaFunction",
        "UploadSourceData",
        "InvokeMLStepFunction",
        "ApproveModel",
    ]
    assert {action.status for action in run.actions} == {"NotStarted"}
    assert run.variables == {"UseCase": "iris"}
    assert not run.is_over
    assert run.waiting is None


def test_a_waiting_approval_has_its_token(api: FakePipelineApi) -> None:
    api.wait_for("run-1", ML, "UploadSourceData", "token-1")

    waiting = pipeline(api).read("run-1").waiting

    assert waiting is not None
    assert (waiting.name, waiting.token) == ("UploadSourceData", "token-1")


def test_the_token_of_another_run_is_not_ours(api: FakePipelineApi) -> None:
    api.wait_for("run-1", ML, "UploadSourceData", "token-1")
    api.token_run = "run-2"

    assert pipeline(api).read("run-1").waiting is None


def test_the_latest_attempt_is_read_and_attempts_are_counted(api: FakePipelineApi) -> None:
    error = {"executionResult": {"errorDetails": {"code": "JobFailed", "message": "column x"}}}
    api.add_action("run-1", ML, "InvokeMLStepFunction", "Failed", **error)
    assert pipeline(api).read("run-1").failed is not None

    api.add_action("run-1", ML, "InvokeMLStepFunction", "InProgress")
    action = pipeline(api).read("run-1").action("InvokeMLStepFunction")

    assert (action.status, action.attempts, action.error) == ("InProgress", 2, "")


def test_the_error_is_codepipelines_own_message(api: FakePipelineApi) -> None:
    error = {"executionResult": {"errorDetails": {"code": "JobFailed", "message": "column x"}}}
    api.add_action("run-1", ML, "InvokeMLStepFunction", "Failed", **error)

    failed = pipeline(api).read("run-1").failed

    assert failed is not None
    assert failed.error == "column x"


def test_the_reason_of_a_rejection_is_shown(api: FakePipelineApi) -> None:
    summary = {"executionResult": {"externalExecutionSummary": "too few rows"}}
    api.add_action("run-1", "ApproveModelStage", "ApproveModel", "Failed", **summary)

    failed = pipeline(api).read("run-1").failed

    assert failed is not None
    assert failed.error == "too few rows"


def test_jobs_of_a_finished_action_are_read_once(api: FakePipelineApi) -> None:
    result = {"executionResult": {"externalExecutionId": EXECUTION}}
    api.add_action("run-1", ML, "InvokeMLStepFunction", "Succeeded", **result)
    machines = FakeStepFunctions(*TRAINING, event(6, "TaskSucceeded", 5))
    pipe = pipeline(api, stepfunctions=machines)

    for _ in range(3):
        (step,) = pipe.read("run-1").action("InvokeMLStepFunction").steps

    assert step.name == "iris-train-1"
    assert machines.reads == 1


def test_jobs_of_a_running_action_are_read_each_time(api: FakePipelineApi) -> None:
    result = {"executionResult": {"externalExecutionId": EXECUTION}}
    api.add_action("run-1", ML, "InvokeMLStepFunction", "InProgress", **result)
    machines = FakeStepFunctions(*TRAINING)
    pipe = pipeline(api, stepfunctions=machines)

    pipe.read("run-1")
    pipe.read("run-1")

    assert machines.reads == 2


def test_the_error_of_an_unknown_run_lists_the_latest_ones(api: FakePipelineApi) -> None:
    with pytest.raises(OperatorError, match=r"no run run-9; the latest are: run-1"):
        pipeline(api).read("run-9")


def test_the_latest_run_is_the_one_that_makes_progress() -> None:
    api = FakePipelineApi()
    with pytest.raises(OperatorError, match=r"has never run: .*start_run\.py"):
        pipeline(api).latest()
    api.add_run("done", "Succeeded")
    assert pipeline(api).latest() == "done"
    api.add_run("first")
    api.add_run("second")
    assert pipeline(api).latest() == "first"


def test_start_sends_no_empty_list_of_variables() -> None:
    api = FakePipelineApi()

    pipeline(api).start({})
    pipeline(api).start({"UseCase": "iris"})

    assert api.calls == [
        ("start_pipeline_execution", {"name": "pipe"}),
        (
            "start_pipeline_execution",
            {"name": "pipe", "variables": [{"name": "UseCase", "value": "iris"}]},
        ),
    ]


def test_a_run_can_have_a_manifest_of_its_own() -> None:
    api = FakePipelineApi()

    pipeline(api).start_with_manifest("config/evaluations/a.json")

    ((operation, given),) = api.calls
    assert operation == "start_pipeline_execution"
    assert given["sourceRevisions"] == [
        {
            "actionName": "UploadManifest",
            "revisionType": "S3_OBJECT_KEY",
            "revisionValue": "config/evaluations/a.json",
        }
    ]


def test_a_summary_is_cut_to_the_limit_of_aws(api: FakePipelineApi) -> None:
    api.wait_for("run-1", ML, "UploadSourceData", "token-1")
    pipe = pipeline(api)
    waiting = pipe.read("run-1").waiting
    assert waiting is not None

    pipe.answer(waiting, approved=True, summary="x" * 600)

    (answer,) = api.answers
    assert answer["token"] == "token-1"
    assert answer["result"] == {"status": "Approved", "summary": "x" * 512}


@pytest.mark.parametrize(
    "code", ["InvalidApprovalTokenException", "ApprovalAlreadyCompletedException"]
)
def test_an_approval_that_somebody_else_answered(api: FakePipelineApi, code: str) -> None:
    api.wait_for("run-1", ML, "UploadSourceData", "token-1")
    api.answer_error = code
    pipe = pipeline(api)
    waiting = pipe.read("run-1").waiting
    assert waiting is not None

    with pytest.raises(OperatorError, match="UploadSourceData was answered by somebody else"):
        pipe.answer(waiting, approved=False, summary="no")


def test_retry_names_the_failed_stage(api: FakePipelineApi) -> None:
    api.add_action("run-1", ML, "InvokeMLStepFunction", "Failed")
    pipe = pipeline(api)

    pipe.retry(pipe.read("run-1"))

    (call,) = api.calls
    assert call == (
        "retry_stage_execution",
        {
            "pipelineName": "pipe",
            "stageName": ML,
            "pipelineExecutionId": "run-1",
            "retryMode": "FAILED_ACTIONS",
        },
    )


def test_a_run_that_has_not_failed_cannot_be_retried(api: FakePipelineApi) -> None:
    pipe = pipeline(api)

    with pytest.raises(OperatorError, match="run-1 is InProgress; only a failed stage"):
        pipe.retry(pipe.read("run-1"))


def test_the_manifest_is_the_latest_that_the_run_wrote(api: FakePipelineApi) -> None:
    s3 = FakeS3("artifact-bucket")
    pipe = pipeline(api, s3=s3)
    with pytest.raises(OperatorError, match="run-1 has no manifest yet"):
        pipe.manifest(pipe.read("run-1"))

    for name, action in (
        ("TrainingManifest", "InvokeCreateSchemaFunction"),
        ("TrainingResult", "InvokeMLStepFunction"),
    ):
        s3.put_object(
            Bucket="artifact-bucket", Key=name, Body=artifact({**MANIFEST, "ModelName": name})
        )
        place = {"name": name, "s3location": {"bucket": "artifact-bucket", "key": name}}
        api.add_action("run-1", ML, action, "Succeeded", outputArtifacts=[place])
        assert pipe.manifest(pipe.read("run-1"))["ModelName"] == name
