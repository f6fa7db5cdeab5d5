from __future__ import annotations

import json
from datetime import timedelta

import pytest

from landing_zone.runs.pipeline import Pipeline
from landing_zone.runs.progress import Lines
from landing_zone.runs.run import Action, Run
from landing_zone.runs.selection import RunSelector, stop_runs_ahead
from tests.unit.deployment_scripts.fakes import DEPLOYMENT, FakeAws, FakePipelineApi, FakeS3

FROM_MANIFEST = [
    {"name": "UseCase", "resolvedValue": "from-manifest"},
    {"name": "EndpointType", "resolvedValue": "from-manifest"},
]
HOUSING = {"UseCase": "housing", "EndpointType": "Batch"}
ML = "MachineLearningStage"
IRIS = {"UseCase": "iris", "EndpointType": "Batch"}


@pytest.fixture
def api() -> FakePipelineApi:
    return FakePipelineApi()


@pytest.fixture
def s3() -> FakeS3:
    made = FakeS3("source-bucket")
    body = json.dumps(HOUSING).encode()
    made.put_object(Bucket="source-bucket", Key="config/manifest.json", Body=body)
    return made


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def selector(api: FakePipelineApi, s3: FakeS3, slept: list[float]) -> RunSelector:
    return RunSelector(Pipeline(FakeAws(codepipeline=api), DEPLOYMENT), s3, sleep=slept.append)


def add(api: FakePipelineApi, s3: FakeS3, run_id: str, status: str = "InProgress") -> None:
    version = s3.buckets["source-bucket"]["config/manifest.json"]["VersionId"]
    api.add_run(run_id, status, variables=FROM_MANIFEST, sourceRevisions=[{"revisionId": version}])


def test_selects_the_run_of_this_manifest(
    selector: RunSelector, api: FakePipelineApi, s3: FakeS3
) -> None:
    api.add_run("older", sourceRevisions=[{"revisionId": "other"}])
    add(api, s3, "ours")

    assert selector.find({}) == "ours"
    assert selector.find(HOUSING) == "ours"


def test_a_run_of_another_use_case_is_not_selected(
    selector: RunSelector, api: FakePipelineApi, s3: FakeS3
) -> None:
    add(api, s3, "housing")

    assert selector.find(IRIS) is None


def test_a_run_whose_variables_override_the_manifest(
    selector: RunSelector, api: FakePipelineApi, s3: FakeS3
) -> None:
    add(api, s3, "iris")
    api.runs["iris"]["variables"] = [{"name": "UseCase", "resolvedValue": "iris"}]

    assert selector.find(IRIS) == "iris"
    assert selector.find(HOUSING) is None


@pytest.mark.parametrize("status", ["Succeeded", "Failed", "Stopped", "Stopping", "Superseded"])
def test_a_run_that_has_ended_is_not_selected_and_ends_the_wait(
    selector: RunSelector, api: FakePipelineApi, s3: FakeS3, slept: list[float], status: str
) -> None:
    add(api, s3, "over", status)

    assert selector.find({}) is None
    assert slept == []


def test_own_data_needs_a_run_that_still_waits_for_data(
    selector: RunSelector, api: FakePipelineApi, s3: FakeS3
) -> None:
    add(api, s3, "ours")
    assert selector.find({}, with_own_data=True) == "ours"
    api.add_action("ours", "MachineLearningStage", "UploadSourceData", "Succeeded")

    assert selector.find({}, with_own_data=True) is None
    assert selector.find({}) == "ours"


def test_waits_for_the_run_that_a_new_manifest_starts(api: FakePipelineApi, s3: FakeS3) -> None:
    def sleep(_: float) -> None:
        add(api, s3, "triggered")

    pipeline = Pipeline(FakeAws(codepipeline=api), DEPLOYMENT)

    assert RunSelector(pipeline, s3, sleep=sleep).find({}) == "triggered"


def test_gives_up_waiting_after_a_minute(selector: RunSelector, slept: list[float]) -> None:
    assert selector.find({}) is None
    assert 55 < sum(slept) < 65


def test_does_not_wait_for_the_run_of_an_old_manifest(
    selector: RunSelector, s3: FakeS3, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    get_object = s3.get_object

    def older(**options: str) -> dict[str, object]:
        answer = get_object(**options)  # type: ignore[arg-type]
        return {**answer, "LastModified": s3.now - timedelta(minutes=2)}

    monkeypatch.setattr(s3, "get_object", older)

    assert selector.find({}) is None
    assert slept == []


@pytest.fixture
def queue() -> FakePipelineApi:
    api = FakePipelineApi()
    api.add_run("ahead")
    api.wait_for("ahead", ML, "UploadSourceData", "token")
    api.add_run("ours")
    return api


def stop_ahead(api: FakePipelineApi, run: Run) -> list[str]:
    said: list[str] = []
    pipeline = Pipeline(FakeAws(codepipeline=api), DEPLOYMENT)
    stop_runs_ahead(pipeline, Lines(said.append), run)
    return said


def test_a_run_ahead_that_waits_for_an_answer_is_stopped(queue: FakePipelineApi) -> None:
    said = stop_ahead(queue, Run("ours", "InProgress", (), {}))

    ((name, options),) = queue.calls
    assert name == "stop_pipeline_execution"
    assert options["pipelineExecutionId"] == "ahead"
    assert options["abandon"]
    assert "ours takes over" in options["reason"]
    assert said == ["run ahead stopped: it waited for UploadSourceData"]


def test_nothing_is_stopped_while_our_run_is_in_progress_or_over(queue: FakePipelineApi) -> None:
    moving = Action(ML, "InvokeMLStepFunction", "StepFunctions", "InProgress")

    stop_ahead(queue, Run("ours", "InProgress", (moving,), {}))
    stop_ahead(queue, Run("ours", "Succeeded", (), {}))

    assert queue.calls == []


def test_a_run_ahead_that_is_in_progress_is_not_stopped(queue: FakePipelineApi) -> None:
    queue.tokens = {}

    stop_ahead(queue, Run("ours", "InProgress", (), {}))

    assert queue.calls == []
