from __future__ import annotations

import json

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.runs.approvals import evidence_for, waiting_action
from landing_zone.runs.run import Action, Run
from tests.unit.deployment_scripts.commands.test_run import Scene

WAITING = Action("S", "ApproveModel", "Manual", "InProgress", token="t")


def evidence(scene: Scene, approval: str) -> str:
    run = scene.pipeline.read("run-1")
    return evidence_for(scene.aws, scene.pipeline, run, Action("S", approval, "Manual"))


def test_the_evidence_of_a_model_is_its_metrics() -> None:
    text = evidence(Scene(), "ApproveModel")

    for expected in ("iris, Batch, code abc", "r2 0.8500 >= 0.8 on 100", "mse", "report.html"):
        assert expected in text


def test_the_evidence_of_a_model_has_the_test_of_the_dev_endpoint() -> None:
    scene = Scene(EndpointType="SageMakerEndpoint")
    assert "dev test  none: the use case has no dev endpoint" in evidence(scene, "ApproveModel")
    results = {"Passed": True, "Summary": "100 requests, p99 8 ms", "EndpointName": "zone-iris-dev"}
    scene.s3.put_object(
        Bucket="workflow-bucket", Key="run-1/deployment/dev.json", Body=json.dumps(results).encode()
    )

    text = evidence(scene, "ApproveModel")
    assert (
        "dev test  passed: 100 requests, p99 8 ms; zone-iris-dev, s3://workflow-bucket/run-1/"
        in text
    )


def test_the_evidence_of_data_is_what_was_uploaded() -> None:
    scene = Scene()
    assert "nothing in s3://workflow-bucket/run-1/source/ yet" in evidence(
        scene, "UploadSourceData"
    )
    scene.s3.put_object(Bucket="workflow-bucket", Key="run-1/source/a.csv", Body=b"1,2")

    assert "s3://workflow-bucket/run-1/source/a.csv  3 bytes" in evidence(scene, "UploadSourceData")


def test_the_evidence_of_inference_data() -> None:
    name = "UploadInferenceDataConfirmation"

    assert "nothing in s3://workflow-bucket/run-1/inference/ yet" in evidence(Scene(), name)
    assert "needs no inference data" in evidence(Scene(EndpointType="SageMakerEndpoint"), name)


def test_the_waiting_approval_is_the_one_answered() -> None:
    run = Run("r", "InProgress", (WAITING,), {})

    assert waiting_action(run, "") is WAITING
    assert waiting_action(run, "ApproveModel") is WAITING
    with pytest.raises(OperatorError, match="run r waits for ApproveModel, not for 'Other'"):
        waiting_action(run, "Other")
    with pytest.raises(OperatorError, match=r"run r \(Failed\) waits for no approval"):
        waiting_action(Run("r", "Failed", (), {}), "")
