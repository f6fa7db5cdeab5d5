from __future__ import annotations

from dataclasses import replace

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.runs.follow import follow, how_to_answer, interval, require_success
from landing_zone.runs.history import Step
from landing_zone.runs.pipeline import Pipeline
from landing_zone.runs.progress import Lines
from landing_zone.runs.run import Action, Run
from tests.unit.deployment_scripts.fakes import DEPLOYMENT, START, FakeAws, FakePipelineApi

ML = "MachineLearningStage"


@pytest.fixture
def api() -> FakePipelineApi:
    made = FakePipelineApi()
    made.add_run("run-1")
    return made


@pytest.fixture
def pipeline(api: FakePipelineApi) -> Pipeline:
    return Pipeline(FakeAws(codepipeline=api), DEPLOYMENT)


def test_answers_an_approval_once_and_follows_to_the_end(
    api: FakePipelineApi, pipeline: Pipeline
) -> None:
    api.wait_for("run-1", ML, "UploadSourceData", "token-1")
    asked: list[str] = []

    def approver(_: Run, action: Action) -> str:
        asked.append(action.name)
        api.runs["run-1"]["status"] = "Succeeded"
        return "fine"

    run = follow(pipeline, "run-1", Lines([].append), seconds=0, approver=approver)

    assert run.status == "Succeeded"
    assert asked == ["UploadSourceData"]
    assert api.answers[0]["result"]["summary"] == "fine"


def test_the_commands_that_answer_are_shown_once(api: FakePipelineApi, pipeline: Pipeline) -> None:
    api.wait_for("run-1", ML, "UploadSourceData", "token-1")
    said: list[str] = []
    looks = iter(range(10))

    def sleep(_: float) -> None:
        if next(looks) == 2:
            api.runs["run-1"]["status"] = "Stopped"

    follow(pipeline, "run-1", Lines(said.append), seconds=0, sleep=sleep)

    assert len([line for line in said if "approve.py UploadSourceData --run run-1" in line]) == 1
    assert api.answers == []


def test_both_commands_are_shown() -> None:
    text = how_to_answer(Run("r", "InProgress", (), {}), Action("s", "ApproveModel", "Manual"))

    assert "approve.py ApproveModel --run r" in text
    assert "reject.py ApproveModel --run r" in text


def test_aws_is_polled_less_often_than_localaws() -> None:
    assert interval(is_local=True) < 1 < interval(is_local=False)


def test_success_is_silent() -> None:
    require_success(Run("r", "Succeeded", (), {}))


def test_a_failure_has_message_job_and_next_steps() -> None:
    step = Step("Train", "iris-train-1", "Failed", START, START, "/aws/sagemaker/TrainingJobs")
    action = Action(
        ML, "InvokeMLStepFunction", "StepFunctions", "Failed", error="column x", steps=(step,)
    )

    with pytest.raises(OperatorError) as caught:
        require_success(Run("r", "Failed", (action,), {}))

    for text in (
        "column x", ML, "status.py --logs iris-train-1", "upload_data.py FILE --run r",
        "retry_run.py --run r",
    ):  # fmt: skip
        assert text in str(caught.value)


def test_a_bad_row_of_a_batch_is_shown_with_the_command_that_replaces_the_data() -> None:
    step = Step("Transform", "iris-1", "Failed", START, START, "/aws/sagemaker/TransformJobs")
    action = Action(ML, "Inference", "StepFunctions", "Failed", error="failed", steps=(step,))

    with pytest.raises(OperatorError) as caught:
        require_success(Run("r", "Failed", (action,), {}), "bad row: line 7 of s3://b/k")

    assert "\n  bad row: line 7 of s3://b/k\n" in str(caught.value)
    assert "upload_data.py --inference FILE --run r" in str(caught.value)


def test_a_failure_without_a_job_names_no_log() -> None:
    action = replace(Action(ML, "ApproveModel", "Manual"), status="Failed", error="no")

    with pytest.raises(OperatorError) as caught:
        require_success(Run("r", "Failed", (action,), {}))

    assert "--logs" not in str(caught.value)


def test_a_stopped_run_is_no_success() -> None:
    with pytest.raises(OperatorError, match="run r ended as Stopped"):
        require_success(Run("r", "Stopped", (), {}))
