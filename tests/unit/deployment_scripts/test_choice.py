from __future__ import annotations

import json
from datetime import timedelta

import pytest

from landing_zone.choice import Chooser
from landing_zone.pipeline import Pipeline
from tests.unit.deployment_scripts.fakes import DEPLOYMENT, FakeAws, FakePipelineApi, FakeS3

FROM_MANIFEST = [
    {"name": "UseCase", "resolvedValue": "from-manifest"},
    {"name": "EndpointType", "resolvedValue": "from-manifest"},
]
HOUSING = {"UseCase": "housing", "EndpointType": "Batch"}
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
def chooser(api: FakePipelineApi, s3: FakeS3, slept: list[float]) -> Chooser:
    return Chooser(Pipeline(FakeAws(codepipeline=api), DEPLOYMENT), s3, sleep=slept.append)


def add(api: FakePipelineApi, s3: FakeS3, run_id: str, status: str = "InProgress") -> None:
    version = s3.buckets["source-bucket"]["config/manifest.json"]["VersionId"]
    api.add_run(run_id, status, variables=FROM_MANIFEST, sourceRevisions=[{"revisionId": version}])


def test_takes_on_the_run_of_this_manifest(
    chooser: Chooser, api: FakePipelineApi, s3: FakeS3
) -> None:
    api.add_run("older", sourceRevisions=[{"revisionId": "other"}])
    add(api, s3, "ours")

    assert chooser.find({}) == "ours"
    assert chooser.find(HOUSING) == "ours"


def test_a_run_of_something_else_is_not_taken_on(
    chooser: Chooser, api: FakePipelineApi, s3: FakeS3
) -> None:
    add(api, s3, "housing")

    assert chooser.find(IRIS) is None


def test_a_run_whose_variables_override_the_manifest(
    chooser: Chooser, api: FakePipelineApi, s3: FakeS3
) -> None:
    add(api, s3, "iris")
    api.runs["iris"]["variables"] = [{"name": "UseCase", "resolvedValue": "iris"}]

    assert chooser.find(IRIS) == "iris"
    assert chooser.find(HOUSING) is None


@pytest.mark.parametrize("status", ["Succeeded", "Failed", "Stopped", "Stopping", "Superseded"])
def test_a_run_that_is_over_is_not_taken_on_and_nothing_is_waited_for(
    chooser: Chooser, api: FakePipelineApi, s3: FakeS3, slept: list[float], status: str
) -> None:
    add(api, s3, "over", status)

    assert chooser.find({}) is None
    assert slept == []


def test_own_data_needs_a_run_that_still_waits_for_data(
    chooser: Chooser, api: FakePipelineApi, s3: FakeS3
) -> None:
    add(api, s3, "ours")
    assert chooser.find({}, with_own_data=True) == "ours"
    api.add_action("ours", "MachineLearningStage", "UploadSourceData", "Succeeded")

    assert chooser.find({}, with_own_data=True) is None
    assert chooser.find({}) == "ours"


def test_waits_for_the_run_that_a_new_manifest_starts(api: FakePipelineApi, s3: FakeS3) -> None:
    def sleep(_: float) -> None:
        add(api, s3, "triggered")

    pipeline = Pipeline(FakeAws(codepipeline=api), DEPLOYMENT)

    assert Chooser(pipeline, s3, sleep=sleep).find({}) == "triggered"


def test_gives_up_waiting_after_a_minute(chooser: Chooser, slept: list[float]) -> None:
    assert chooser.find({}) is None
    assert 55 < sum(slept) < 65


def test_does_not_wait_for_the_run_of_an_old_manifest(
    chooser: Chooser, s3: FakeS3, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    get_object = s3.get_object

    def older(**options: str) -> dict[str, object]:
        answer = get_object(**options)  # type: ignore[arg-type]
        return {**answer, "LastModified": s3.now - timedelta(minutes=2)}

    monkeypatch.setattr(s3, "get_object", older)

    assert chooser.find({}) is None
    assert slept == []
