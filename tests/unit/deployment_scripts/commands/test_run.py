from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from landing_zone.commands.run import AutomaticApprover, locations, next_commands
from landing_zone.core.settings import load_settings
from landing_zone.runs.pipeline import Pipeline
from landing_zone.runs.progress import Lines
from landing_zone.runs.run import Action
from tests.unit.deployment_scripts.fakes import (
    DEPLOYMENT,
    EVALUATION,
    MANIFEST,
    FakeAws,
    FakePipelineApi,
    FakeS3,
    artifact,
)

ML = "MachineLearningStage"


class Scene:
    """A run with a manifest, and an approver that looks at it."""

    def __init__(self, data: str = "", evaluation: Any = EVALUATION, **manifest: str) -> None:
        self.s3 = FakeS3("workflow-bucket", "artifact-bucket")
        body = artifact({**MANIFEST, **manifest})
        self.s3.put_object(Bucket="artifact-bucket", Key="m", Body=body)
        key = "run-1/evaluation/output/evaluation.json"
        self.s3.put_object(Bucket="workflow-bucket", Key=key, Body=json.dumps(evaluation).encode())
        self.api = FakePipelineApi()
        self.api.add_run("run-1")
        place = {
            "name": "TrainingManifest",
            "s3location": {"bucket": "artifact-bucket", "key": "m"},
        }
        self.api.add_action(
            "run-1", ML, "InvokeCreateSchemaFunction", "Succeeded", outputArtifacts=[place]
        )
        self.aws = FakeAws(codepipeline=self.api, s3=self.s3)
        self.pipeline = Pipeline(self.aws, DEPLOYMENT)
        self.said: list[str] = []
        self.approver = AutomaticApprover(
            self.aws,
            self.pipeline,
            Lines(self.said.append),
            data,
        )

    def answer(self, approval: str) -> str | None:
        return self.approver(self.pipeline.read("run-1"), Action(ML, approval, "Manual"))

    def uploaded(self) -> list[str]:
        return [key for key in self.s3.puts if key.startswith("run-1") and key.endswith(".csv")]


def test_uploads_the_sample_of_the_use_case() -> None:
    scene = Scene()

    summary = scene.answer("UploadSourceData")

    assert scene.uploaded() == ["run-1/source/iris.csv"]
    assert summary is not None
    assert "iris.csv sha256 " in summary


def test_uploads_own_data(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("a,b\n")
    scene = Scene(str(tmp_path / "mine.csv"))

    scene.answer("UploadSourceData")

    assert scene.uploaded() == ["run-1/source/mine.csv"]


def test_approves_a_model_with_its_metric() -> None:
    summary = Scene().answer("ApproveModel")

    assert summary == "APPROVE=auto: r2 0.8500 >= 0.8 on 100 held-out rows"


def test_leaves_a_model_below_the_threshold_to_a_person() -> None:
    below = {**EVALUATION, "gate": {**EVALUATION["gate"], "value": 0.1}}  # type: ignore[dict-item]

    assert Scene(evaluation=below).answer("ApproveModel") is None


def test_uploads_rows_to_predict_for_a_batch_only() -> None:
    batch, endpoint = Scene(), Scene(EndpointType="SageMakerEndpoint")

    batch.answer("UploadInferenceDataConfirmation")
    summary = endpoint.answer("UploadInferenceDataConfirmation")

    assert batch.uploaded() == ["run-1/inference/iris_pred.csv"]
    assert endpoint.uploaded() == []
    assert summary == "APPROVE=auto: an endpoint needs no inference data"


def test_an_unknown_approval_is_left_to_a_person() -> None:
    assert Scene().answer("SecurityReview") is None


def test_the_end_shows_locations_and_next_commands() -> None:
    run = Scene().pipeline.read("run-1")
    local = load_settings({"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"})

    assert "s3://workflow-bucket/run-1/" in locations(run, MANIFEST)
    assert "make local USE_CASE=housing" in next_commands(local, MANIFEST)
    assert "make local" not in next_commands(load_settings({}), MANIFEST)
