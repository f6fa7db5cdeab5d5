"""The inference state machine, run: batch, and an endpoint through the state machine deploy.

test_deploy.py has the life of an endpoint.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.test_state_machines.conftest import Machines

ROWS = "5.1,3.5,1.4,0.2\n6.7,3.0,5.2,2.3\n"


@pytest.fixture
def manifest(machines: Machines, trained: dict[str, Any]) -> dict[str, Any]:
    """The manifest of update_schema."""
    return machines.inference_manifest(trained)


@pytest.fixture
def approved(machines: Machines, trained: dict[str, Any]) -> Iterator[None]:
    """The version is approved, as update_schema does it."""
    arn = trained["ModelPackageArn"]
    machines.sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    yield
    machines.sagemaker.update_model_package(
        ModelPackageArn=arn, ModelApprovalStatus="PendingManualApproval"
    )


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


def test_an_endpoint_is_deployed_with_the_version_of_the_run(
    machines: Machines, trained: dict[str, Any], manifest: dict[str, Any], approved: None
) -> None:
    name = manifest["EndpointName"]
    try:
        output = machines.succeeds("inference", manifest)
        answer = machines.runtime.invoke_endpoint(
            EndpointName=name, ContentType="text/csv", Body=ROWS, Accept="text/csv"
        )
        assert len(answer["Body"].read().decode().splitlines()) == 2
        deployed = output["Deployed"]
        assert set(output) == {*manifest, "Deployed"}
        assert (deployed["Action"], deployed["EndpointName"]) == ("created", name)
        assert deployed["ModelPackageArn"] == trained["ModelPackageArn"]
        assert deployed["Reason"] == f"Pipeline execution {manifest['RunId']}"
        config = machines.sagemaker.describe_endpoint_config(
            EndpointConfigName=deployed["EndpointConfigName"]
        )
        assert config["KmsKeyId"] == machines.settings.kms_key_arn
        assert config["ProductionVariants"][0]["ModelName"] == trained["TrainedModelName"]
    finally:
        machines.sagemaker.delete_endpoint(EndpointName=name)


def test_the_reason_of_a_failed_deployment_is_the_reason_of_the_run(
    machines: Machines, trained: dict[str, Any], manifest: dict[str, Any]
) -> None:
    error, cause = machines.fails("inference", manifest)
    assert error == "VersionNotApproved"
    assert cause.startswith(f"{trained['ModelPackageArn']} is PendingManualApproval, so it is not")


def test_unknown_endpoint_type(machines: Machines, manifest: dict[str, Any]) -> None:
    error, cause = machines.fails("inference", {**manifest, "EndpointType": "Serverless"})
    assert error == "UnknownEndpointType"
    assert cause.startswith("EndpointType: found Serverless; allowed: Batch, SageMakerEndpoint.")


@pytest.mark.parametrize("endpoint_type", ["SageMakerEndpoint", "Batch"])
def test_an_archive_that_was_changed_after_approval_is_not_deployed(
    machines: Machines, trained: dict[str, Any], manifest: dict[str, Any], endpoint_type: str
) -> None:
    key = manifest["ModelDataKey"]
    kept = machines.get(key)
    machines.put(key, kept + b"changed")
    try:
        error, cause = machines.fails("inference", {**manifest, "EndpointType": endpoint_type})
    finally:
        machines.put(key, kept)
    assert error == "ModelDataChanged"
    place = f"s3://{machines.settings.workflow_bucket}/{key}"
    assert f"{place} is not the archive that was approved as {trained['ModelPackageArn']}" in cause
    assert f"expected {manifest['ModelDataETag']}" in cause


def test_an_archive_that_is_gone_is_named(machines: Machines, manifest: dict[str, Any]) -> None:
    error, cause = machines.fails("inference", {**manifest, "ModelDataKey": "no/model.tar.gz"})
    assert error == "S3.NoSuchKeyException" or error.startswith("S3.")
    assert f"s3://{machines.settings.workflow_bucket}/no/model.tar.gz" in cause
