"""The inference state machine, run: batch, and an endpoint through its life."""

from __future__ import annotations

import io
import json
import tarfile
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from landing_zone.core.errors import OperatorError
from landing_zone.runs.rollouts import Rollout
from tests.local.test_state_machines.conftest import IMAGE, Machines

ROWS = "5.1,3.5,1.4,0.2\n6.7,3.0,5.2,2.3\n"
# Starts at once: four instances of it are healthy in time on a busy machine too.
EMPTY_MODEL = {"code/inference.py": b"def model_fn(folder):\n    return folder\n"}
NO_SERVER = {"code/inference.py": b"raise SystemExit('this model cannot be served')\n"}


@pytest.fixture
def manifest(machines: Machines, trained: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The manifest of update_schema, with an endpoint of this test's own."""
    name = f"ml-core-development-{uuid.uuid4().hex[:8]}"
    yield machines.inference_manifest(trained, EndpointName=name)
    try:
        machines.sagemaker.delete_endpoint(EndpointName=name)
    except ClientError as error:
        assert "Could not find endpoint" in str(error)  # the test made none, or deleted it


def model(machines: Machines, trained: dict[str, Any], files: dict[str, bytes]) -> str:
    """Register a model made of some files; returns its name."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, body in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    name = f"test-model-{uuid.uuid4().hex[:8]}"
    good = machines.sagemaker.describe_model(ModelName=trained["TrainedModelName"])
    environment = good["PrimaryContainer"]["Environment"]
    del environment["MODEL_SHA256"]  # localaws refuses another archive than the one that it names
    machines.sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=good["ExecutionRoleArn"],
        PrimaryContainer={
            "Image": IMAGE,
            "ModelDataUrl": machines.put(f"models/{name}/model.tar.gz", buffer.getvalue()),
            "Environment": environment,
        },
    )
    return name


def endpoint(machines: Machines, manifest: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = machines.sagemaker.describe_endpoint(
        EndpointName=manifest["EndpointName"]
    )
    return found


def test_batch_predicts_each_line(machines: Machines, manifest: dict[str, Any]) -> None:
    machines.put(f"{manifest['RunId']}/inference/rows.csv", ROWS)
    output = machines.succeeds("inference", {**manifest, "EndpointType": "Batch"})
    assert output["Deployed"]["OutputLocation"] == manifest["InferenceOutputLocation"]
    assert output["Deployed"]["TransformJobName"].startswith("iris-transform-")
    body = machines.s3.get_object(
        Bucket=machines.settings.workflow_bucket,
        Key=f"{manifest['RunId']}/predictions/rows.csv.out",
    )["Body"].read()
    lines = body.decode().splitlines()
    assert len(lines) == 2
    assert lines[0] != lines[1]
    assert set(output) == {*manifest, "Deployed"}


def test_batch_without_data_says_so(machines: Machines, manifest: dict[str, Any]) -> None:
    place = f"s3://{machines.settings.workflow_bucket}/nothing/here/"
    error, cause = machines.fails(
        "inference", {**manifest, "EndpointType": "Batch", "InferenceInputLocation": place}
    )
    assert error == "TransformFailed"
    assert place in cause
    assert "(transform job iris-transform-" in cause


def test_endpoint_is_created_then_updated(
    machines: Machines, trained: dict[str, Any], manifest: dict[str, Any]
) -> None:
    name = manifest["EndpointName"]
    first = machines.succeeds("inference", manifest)["Deployed"]
    assert first["EndpointConfigName"].startswith("iris-config-")
    assert endpoint(machines, manifest)["EndpointStatus"] == "InService"
    answer = machines.runtime.invoke_endpoint(
        EndpointName=name, ContentType="text/csv", Body=ROWS, Accept="text/csv"
    )
    assert len(answer["Body"].read().decode().splitlines()) == 2

    second = machines.succeeds("inference", manifest)["Deployed"]
    assert second["EndpointArn"] == first["EndpointArn"]
    assert second["EndpointConfigName"] != first["EndpointConfigName"]
    assert endpoint(machines, manifest)["EndpointConfigName"] == second["EndpointConfigName"]
    config = machines.sagemaker.describe_endpoint_config(
        EndpointConfigName=second["EndpointConfigName"]
    )
    assert config["KmsKeyId"] == machines.settings.kms_key_arn
    assert config["ProductionVariants"][0]["ModelName"] == trained["TrainedModelName"]


def test_failed_update_is_a_failure_and_the_old_model_serves_on(
    machines: Machines, trained: dict[str, Any], manifest: dict[str, Any]
) -> None:
    good = machines.succeeds("inference", manifest)["Deployed"]["EndpointConfigName"]
    bad = {**manifest, "ModelName": model(machines, trained, NO_SERVER)}
    error, cause = machines.fails("inference", bad)
    assert error == "EndpointRolledBack"
    assert f"went back to configuration {good}" in cause
    found = endpoint(machines, manifest)
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", good)


def test_a_rollout_in_steps_is_aborted_and_the_old_model_serves_on(
    machines: Machines, trained: dict[str, Any], manifest: dict[str, Any]
) -> None:
    name = manifest["EndpointName"]
    two = {
        **manifest,
        "EndpointInstanceCount": 2,
        "ModelName": model(machines, trained, EMPTY_MODEL),
    }
    good = machines.succeeds("inference", two)["Deployed"]["EndpointConfigName"]
    first_wait(machines, manifest, machines.start("inference", two))
    alarms = machines.cloudwatch.describe_alarms(AlarmNamePrefix=f"{name}-rollout-")["MetricAlarms"]
    dimensions = {
        alarm["AlarmName"].rpartition("-")[2]: {d["Name"]: d["Value"] for d in alarm["Dimensions"]}
        for alarm in alarms
    }
    assert set(dimensions) == {"errors", "latency", "abort"}
    new = endpoint(machines, manifest)["PendingDeploymentSummary"]["EndpointConfigName"]
    assert dimensions["errors"]["EndpointConfigName"] == new != good

    rollout = Rollout(machines, name, say=lambda _: None)
    assert rollout.abort("wrong prices") == good
    ended = rollout.follow(0.1)
    assert (ended["EndpointStatus"], ended["EndpointConfigName"]) == ("InService", good)
    with pytest.raises(OperatorError, match="no rollout is in progress"):
        rollout.abort("again")

    # The next rollout resets the alarm.
    third = machines.start("inference", two)
    first_wait(machines, manifest, third)
    rollout.abort("wrong again")
    execution = machines.wait(third)
    assert (execution["status"], execution["error"]) == ("FAILED", "EndpointRolledBack")
    assert f"went back to configuration {good}" in execution["cause"]
    assert f"{name}-rollout-abort" in execution["cause"]


def first_wait(machines: Machines, manifest: dict[str, Any], execution: str) -> None:
    """Wait until a rollout bakes its first instance."""
    deadline = time.monotonic() + 60
    while True:
        found = endpoint(machines, manifest)
        pending = found.get("PendingDeploymentSummary", {})
        status = (pending.get("ProductionVariants") or [{}])[0].get("VariantStatus", [{}])[0]
        if "capacity of 1 instance(s)" in status.get("StatusMessage", ""):
            return
        ended = machines.states.describe_execution(executionArn=execution)
        assert ended["status"] == "RUNNING", ended
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def test_failed_endpoint_names_reason_and_next_step(
    machines: Machines, trained: dict[str, Any], manifest: dict[str, Any]
) -> None:
    name = manifest["EndpointName"]
    bad = {**manifest, "ModelName": model(machines, trained, NO_SERVER)}
    error, cause = machines.fails("inference", bad)
    assert error == "EndpointFailed"
    assert cause.startswith(f"Endpoint {name} is Failed: ")
    assert "did not pass the ping health check" in cause
    step = f"Delete it (aws sagemaker delete-endpoint --endpoint-name {name}) and retry the stage."
    assert step in cause

    # A Failed endpoint takes no update: the next run says the same, until it is deleted.
    error, cause = machines.fails("inference", manifest)
    assert error == "EndpointFailed"
    assert step in cause
    machines.sagemaker.delete_endpoint(EndpointName=name)
    machines.succeeds("inference", manifest)


def test_waits_for_its_turn(machines: Machines, manifest: dict[str, Any]) -> None:
    arns = [machines.start("inference", manifest)]
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            endpoint(machines, manifest)
            break
        except ClientError:
            time.sleep(0.05)
    arns.append(machines.start("inference", manifest))
    ended = [machines.wait(arn) for arn in arns]
    # The first may find the second's configuration when it looks: then it says so and fails.
    assert ended[1]["status"] == "SUCCEEDED", [
        (end.get("error"), end.get("cause")) for end in ended
    ]
    config = json.loads(ended[1]["output"])["Deployed"]["EndpointConfigName"]
    assert endpoint(machines, manifest)["EndpointConfigName"] == config


def test_model_that_is_gone_keeps_the_services_own_words(
    machines: Machines, manifest: dict[str, Any]
) -> None:
    error, cause = machines.fails("inference", {**manifest, "ModelName": "no-such-model"})
    assert error == "SageMaker.AmazonSageMakerException"
    assert "no-such-model" in cause
    assert f"(endpoint {manifest['EndpointName']}, configuration iris-config-" in cause


def test_unknown_endpoint_type(machines: Machines, manifest: dict[str, Any]) -> None:
    error, cause = machines.fails("inference", {**manifest, "EndpointType": "Serverless"})
    assert error == "UnknownEndpointType"
    assert cause.startswith("EndpointType: found Serverless; allowed: Batch, SageMakerEndpoint.")


@pytest.mark.parametrize("endpoint_type", ["SageMakerEndpoint", "Batch"])
def test_an_archive_that_was_changed_after_approval_is_not_deployed(
    machines: Machines, trained: dict[str, Any], manifest: dict[str, Any], endpoint_type: str
) -> None:
    key = manifest["ModelDataKey"]
    approved = machines.get(key)
    machines.put(key, approved + b"changed")
    try:
        error, cause = machines.fails("inference", {**manifest, "EndpointType": endpoint_type})
    finally:
        machines.put(key, approved)
    assert error == "ModelDataChanged"
    place = f"s3://{machines.settings.workflow_bucket}/{key}"
    assert f"{place} is not the archive that was approved as {trained['ModelPackageArn']}" in cause
    assert f"expected {manifest['ModelDataETag']}" in cause
    with pytest.raises(ClientError, match="Could not find endpoint"):
        endpoint(machines, manifest)


def test_an_update_with_a_changed_archive_leaves_the_endpoint_alone(
    machines: Machines, manifest: dict[str, Any]
) -> None:
    good = machines.succeeds("inference", manifest)["Deployed"]["EndpointConfigName"]
    other = {**manifest, "ModelDataETag": '"of another archive"'}
    assert machines.fails("inference", other)[0] == "ModelDataChanged"
    found = endpoint(machines, manifest)
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", good)


def test_an_archive_that_is_gone_is_named(machines: Machines, manifest: dict[str, Any]) -> None:
    error, cause = machines.fails("inference", {**manifest, "ModelDataKey": "no/model.tar.gz"})
    assert error == "S3.NoSuchKeyException" or error.startswith("S3.")
    assert f"s3://{machines.settings.workflow_bucket}/no/model.tar.gz" in cause
