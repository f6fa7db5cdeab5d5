"""Requests that are wrong or ask for what is not emulated are refused, in AWS's words where it has them."""

import json

import psutil
import pytest
from botocore.exceptions import ClientError

from localaws.testing import running
from server.sagemaker.client import ACCOUNT, BUCKET, OWN_IMAGE, SageMaker, wait

ARN = f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}"


def error(call, **request):
    with pytest.raises(ClientError) as raised:
        call(**request)
    details = raised.value.response["Error"]
    return details["Code"], details["Message"]


def test_duplicate_job_names(sagemaker):
    name = sagemaker.start_processing("true")
    code, message = error(
        sagemaker.api.create_processing_job, **sagemaker.processing_request(name, "true")
    )
    assert code == "ResourceInUse"
    assert message.endswith(f"already exists ({ARN}:processing-job/{name})")
    name = sagemaker.start_training("")
    code, message = error(sagemaker.api.create_training_job, **sagemaker.training_request(name))
    assert (code, message) == (
        "ResourceInUse",
        "Training job names must be unique within an AWS account and region, and a training job with "
        f"this name already exists ({ARN}:training-job/{name})",
    )


def test_missing_jobs(sagemaker):
    api = sagemaker.api
    named = "Could not find requested job with name: no"
    for kind, message in (
        ("Processing", named), ("Training", "Requested resource not found."), ("Transform", named),
    ):  # fmt: skip
        request = {f"{kind}JobName": "no"}
        found = error(getattr(api, f"describe_{kind.lower()}_job"), **request)
        assert found == ("ValidationException", message)
        found = error(getattr(api, f"stop_{kind.lower()}_job"), **request)
        assert found == ("ResourceNotFound", message)


def test_a_job_that_has_ended_can_be_deleted_but_not_stopped(sagemaker):
    name = sagemaker.start_processing("sleep", "600")
    code, _ = error(sagemaker.api.delete_processing_job, ProcessingJobName=name)
    assert code == "ResourceInUse"
    sagemaker.api.stop_processing_job(ProcessingJobName=name)
    sagemaker.processing_ended(name)
    assert error(sagemaker.api.stop_processing_job, ProcessingJobName=name) == (
        "ValidationException",
        "The request was rejected because the processing job is in status Stopped.",
    )
    sagemaker.api.delete_processing_job(ProcessingJobName=name)
    sagemaker.start_processing("true")
    assert (
        error(sagemaker.api.describe_processing_job, ProcessingJobName=name)[0]
        == "ValidationException"
    )


def test_a_role_that_does_not_trust_sagemaker(sagemaker):
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    role = sagemaker.localaws.client("iam").create_role(
        RoleName="not-for-sagemaker", AssumeRolePolicyDocument=json.dumps(trust)
    )["Role"]["Arn"]
    request = sagemaker.processing_request("role", "true") | {"RoleArn": role}
    code, message = error(sagemaker.api.create_processing_job, **request)
    assert code == "ValidationException"
    assert message.startswith(f"Could not assume role {role}.")


@pytest.mark.parametrize(
    ("member", "change"),
    [
        (
            "InstanceCount",
            lambda r: r["ProcessingResources"]["ClusterConfig"].update(InstanceCount=2),
        ),
        ("S3InputMode", lambda r: r["ProcessingInputs"][0]["S3Input"].update(S3InputMode="Pipe")),
        ("ExperimentConfig", lambda r: r.update(ExperimentConfig={"ExperimentName": "x"})),
    ],
)
def test_what_a_processing_job_may_not_ask_for(sagemaker, member, change):
    source = {
        "S3Uri": f"s3://{BUCKET}/x", "LocalPath": "/opt/ml/processing/x",
        "S3DataType": "S3Prefix", "S3InputMode": "File",
    }  # fmt: skip
    request = sagemaker.processing_request(
        "refused", "true", ProcessingInputs=[{"InputName": "x", "S3Input": source}]
    )
    change(request)
    code, message = error(sagemaker.api.create_processing_job, **request)
    assert code == "NotImplementedException"
    assert message.startswith("localaws does not emulate sagemaker:CreateProcessingJob with ")
    assert member in message


@pytest.mark.parametrize(
    ("member", "more"),
    [
        ("CheckpointConfig", {"CheckpointConfig": {"S3Uri": f"s3://{BUCKET}/x"}}),
        (
            "TensorBoardOutputConfig",
            {"TensorBoardOutputConfig": {"S3OutputPath": f"s3://{BUCKET}/x"}},
        ),
        ("RemoteDebugConfig", {"RemoteDebugConfig": {"EnableRemoteDebug": True}}),
    ],
)
def test_what_a_training_job_may_not_ask_for(sagemaker, member, more):
    request = sagemaker.training_request("refused", **more)
    code, message = error(sagemaker.api.create_training_job, **request)
    assert code == "NotImplementedException"
    assert f"sagemaker:CreateTrainingJob with {member}=" in message


def test_a_local_path_outside_of_processing(sagemaker):
    output = {
        "OutputName": "x",
        "S3Output": {
            "S3Uri": f"s3://{BUCKET}/x", "LocalPath": "/etc", "S3UploadMode": "EndOfJob",
        },
    }  # fmt: skip
    request = sagemaker.processing_request(
        "path", "true", ProcessingOutputConfig={"Outputs": [output]}
    )
    assert error(sagemaker.api.create_processing_job, **request) == (
        "ValidationException",
        "LocalPath of 'x' is '/etc', but it must be an absolute path under /opt/ml/processing/",
    )


def test_an_environment_value_of_257_characters_is_refused(sagemaker):
    request = sagemaker.processing_request("environment", "true", Environment={"LONG": "x" * 257})
    code, message = error(sagemaker.api.create_processing_job, **request)
    assert code == "ValidationException"
    assert "less than or equal to 256" in message


def test_lists_filter_sort_and_page(sagemaker):
    marker = sagemaker.name("list")
    names = [f"{marker}-{letter}" for letter in "bac"]
    for name in names:
        sagemaker.api.create_processing_job(**sagemaker.processing_request(name, "true"))
        sagemaker.processing_ended(name)
    pages = sagemaker.api.get_paginator("list_processing_jobs").paginate(
        NameContains=marker, SortBy="Name", PaginationConfig={"PageSize": 2}
    )
    found = [[job["ProcessingJobName"] for job in page["ProcessingJobSummaries"]] for page in pages]
    assert found == [sorted(names)[:2], sorted(names)[2:]]
    newest = sagemaker.api.list_processing_jobs(
        NameContains=marker, SortOrder="Descending", MaxResults=1
    )
    assert newest["ProcessingJobSummaries"][0]["ProcessingJobName"] == names[-1]
    failed = sagemaker.api.list_processing_jobs(NameContains=marker, StatusEquals="Failed")
    assert failed["ProcessingJobSummaries"] == []
    assert error(sagemaker.api.list_processing_jobs, NextToken="?")[0] == "ValidationException"


def test_an_image_of_the_account_without_a_directory_is_refused_with_the_next_step(
    tmp_path, programs
):
    with running(tmp_path, "--image", f"team/other={programs}") as server:
        sagemaker = SageMaker(server)
        job = sagemaker.process("true")
        assert job["ProcessingJobStatus"] == "Failed"
        assert job["FailureReason"].startswith("ClientError: Cannot find repository: ml-core")
        assert "with --image ml-core=DIRECTORY" in job["FailureReason"]
        code, message = error(
            sagemaker.api.create_model,
            ModelName="refused",
            ExecutionRoleArn=sagemaker.role,
            PrimaryContainer={"Image": OWN_IMAGE},
        )
        assert code == "ValidationException"
        assert "with --image ml-core=DIRECTORY" in message


def test_an_operation_that_moto_only_records_is_refused_by_name(sagemaker):
    code, message = error(sagemaker.api.list_notebook_instances)
    assert code == "NotImplementedException"
    assert "sagemaker:ListNotebookInstances" in message


def test_stopping_the_server_leaves_no_process(tmp_path, programs):
    with running(tmp_path, "--image", f"*={programs}") as server:
        sagemaker = SageMaker(server)
        sagemaker.start_processing("sh", "-c", "trap '' TERM; echo ready; sleep 619")
        model = sagemaker.model("def model_fn(d): return None\n")
        endpoint = sagemaker.endpoint(sagemaker.config(model))
        assert sagemaker.endpoint_settled(endpoint)["EndpointStatus"] == "InService"
        server_process = psutil.Process(server.pid)
        children = wait(
            lambda: server_process.children(recursive=True), lambda found: len(found) >= 4
        )
    psutil.wait_procs(children, timeout=2)
    assert not [child for child in children if child.is_running()]
    assert not any((tmp_path / "work").glob("**/containers/*"))
