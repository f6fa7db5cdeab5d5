"""A model archive that was changed in S3 after its registration does not run, on any path."""

import hashlib
import os
import signal
from dataclasses import dataclass

import psutil
import pytest
from botocore.exceptions import ClientError

from server.sagemaker.client import BUCKET, OWN_IMAGE, SCIKIT_LEARN_IMAGE, tar_gz, wait

INFERENCE = """
import os
ANSWER = {answer!r}
def model_fn(model_dir):
    return None
def transform_fn(model, body, content_type, accept):
    if body == "pid":
        return str(os.getppid()), "text/csv"
    return "".join(ANSWER + "\\n" for _ in body.splitlines()), "text/csv"
"""
IMAGES = {"prebuilt": SCIKIT_LEARN_IMAGE, "own": OWN_IMAGE}


def archive(answer):
    return tar_gz({"code/inference.py": INFERENCE.format(answer=answer).encode()})


@dataclass
class Registered:
    model: str
    key: str
    expected: str

    def change(self, sagemaker):
        sagemaker.put(self.key, archive("changed"))

    def is_named_in(self, reason):
        return (
            f"s3://{BUCKET}/{self.key} is not the model that was registered: found " in reason
            and self.expected in reason
            and "Restore the object, or train and register again." in reason
        )


def by_variable(sagemaker, image):
    """A model whose container has the hash of its archive in MODEL_SHA256."""
    name, body = sagemaker.name("recorded"), archive("registered")
    key = f"models/{name}/model.tar.gz"
    digest = hashlib.sha256(body).hexdigest()
    sagemaker.api.create_model(
        ModelName=name,
        ExecutionRoleArn=sagemaker.role,
        PrimaryContainer={
            "Image": image,
            "ModelDataUrl": sagemaker.put(key, body),
            "Environment": {"MODEL_SHA256": digest},
        },
    )
    return Registered(name, key, f"expected {digest} (MODEL_SHA256 of the container)")


def by_package(sagemaker, image):
    """A model of a model package, with the ETag that CreateModelPackage recorded."""
    name = sagemaker.name("recorded")
    key = f"models/{name}/model.tar.gz"
    specification = {
        "Containers": [{"Image": image, "ModelDataUrl": sagemaker.put(key, archive("registered"))}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    arn = sagemaker.api.create_model_package(
        ModelPackageName=name, InferenceSpecification=specification
    )["ModelPackageArn"]
    sagemaker.api.create_model(
        ModelName=name, ExecutionRoleArn=sagemaker.role, PrimaryContainer={"ModelPackageName": arn}
    )
    return Registered(name, key, f"(ModelDataETag of {arn})")


def ask(sagemaker, endpoint, body="row"):
    answer = sagemaker.runtime.invoke_endpoint(
        EndpointName=endpoint, ContentType="text/csv", Accept="text/csv", Body=body
    )
    return answer["Body"].read().decode().strip()


def in_service(sagemaker, *models):
    name = sagemaker.endpoint(sagemaker.config(*models))
    settled = sagemaker.endpoint_settled(name)
    assert settled["EndpointStatus"] == "InService", settled.get("FailureReason")
    return name


def transform(sagemaker, model):
    name = sagemaker.name("transform")
    source = sagemaker.put(f"{name}/in/rows.csv", "1\n2\n")
    sagemaker.api.create_transform_job(
        TransformJobName=name,
        ModelName=model,
        TransformInput={
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": source}},
            "ContentType": "text/csv",
        },
        TransformOutput={"S3OutputPath": f"s3://{BUCKET}/{name}/out", "Accept": "text/csv"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )
    return wait(
        lambda: sagemaker.api.describe_transform_job(TransformJobName=name),
        lambda job: job["TransformJobStatus"] in ("Completed", "Failed", "Stopped"),
    )


@pytest.fixture(params=[by_variable, by_package], ids=["MODEL_SHA256", "ModelDataETag"])
def register(request):
    return request.param


@pytest.mark.parametrize("image", IMAGES.values(), ids=IMAGES)
def test_an_unchanged_archive_is_served(sagemaker, register, image):
    registered = register(sagemaker, image)
    endpoint = in_service(sagemaker, registered.model)
    assert ask(sagemaker, endpoint) == "registered"
    sagemaker.api.delete_endpoint(EndpointName=endpoint)
    job = transform(sagemaker, registered.model)
    assert job["TransformJobStatus"] == "Completed", job
    output = sagemaker.get(f"{job['TransformJobName']}/out/rows.csv.out")
    assert output == b"registered\nregistered\n"


@pytest.mark.parametrize("image", IMAGES.values(), ids=IMAGES)
def test_a_new_endpoint_of_a_changed_archive_fails(sagemaker, register, image):
    registered = register(sagemaker, image)
    config = sagemaker.config(registered.model)
    registered.change(sagemaker)
    settled = sagemaker.endpoint_settled(sagemaker.endpoint(config))
    assert settled["EndpointStatus"] == "Failed"
    assert registered.is_named_in(settled["FailureReason"]), settled["FailureReason"]


def test_an_update_to_a_changed_archive_is_rolled_back(sagemaker, register):
    registered = register(sagemaker, SCIKIT_LEARN_IMAGE)
    endpoint = in_service(sagemaker, registered.model)
    config = sagemaker.config(registered.model)
    registered.change(sagemaker)
    before = sagemaker.api.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    sagemaker.api.update_endpoint(EndpointName=endpoint, EndpointConfigName=config)
    after = sagemaker.endpoint_settled(endpoint)
    assert (after["EndpointStatus"], after["EndpointConfigName"]) == ("InService", before)
    assert registered.is_named_in(after["FailureReason"]), after["FailureReason"]
    assert ask(sagemaker, endpoint) == "registered"
    sagemaker.api.delete_endpoint(EndpointName=endpoint)


@pytest.mark.parametrize("image", IMAGES.values(), ids=IMAGES)
def test_a_transform_job_of_a_changed_archive_fails(sagemaker, register, image):
    registered = register(sagemaker, image)
    registered.change(sagemaker)
    job = transform(sagemaker, registered.model)
    assert job["TransformJobStatus"] == "Failed"
    assert registered.is_named_in(job["FailureReason"]), job["FailureReason"]
    assert sagemaker.keys(f"{job['TransformJobName']}/out") == []


@pytest.mark.parametrize("place", ["model", "S3"])
def test_a_replaced_process_serves_what_the_fleet_started_with(sagemaker, place):
    if place == "model":
        registered = by_variable(sagemaker, SCIKIT_LEARN_IMAGE)
        model, key = registered.model, registered.key
    else:
        name = sagemaker.name("code")
        key = f"code/{name}/sourcedir.tar.gz"
        text = INFERENCE.format(answer="registered").encode()
        code = sagemaker.put(key, tar_gz({"inference.py": text}))
        model = sagemaker.model("", SAGEMAKER_SUBMIT_DIRECTORY=code)
    endpoint = in_service(sagemaker, model)
    pid = int(ask(sagemaker, endpoint, "pid"))
    text = INFERENCE.format(answer="changed").encode()
    sagemaker.put(key, tar_gz({"code/inference.py": text, "inference.py": text}))
    os.kill(pid, signal.SIGKILL)
    wait(lambda: psutil.pid_exists(pid), lambda exists: not exists)

    def recovered():
        try:
            return ask(sagemaker, endpoint)
        except ClientError:
            return None

    assert wait(recovered, bool, seconds=20) == "registered"
    assert int(ask(sagemaker, endpoint, "pid")) != pid
    sagemaker.api.delete_endpoint(EndpointName=endpoint)


def test_the_etag_of_the_data_source_is_compared(sagemaker):
    name = sagemaker.name("recorded")
    url = sagemaker.put(f"models/{name}/model.tar.gz", archive("registered"))
    source = {
        "S3Uri": url, "S3DataType": "S3Object", "CompressionType": "Gzip", "ETag": "0" * 32,
    }  # fmt: skip
    sagemaker.api.create_model(
        ModelName=name,
        ExecutionRoleArn=sagemaker.role,
        PrimaryContainer={
            "Image": OWN_IMAGE,
            "ModelDataSource": {"S3DataSource": source},
        },
    )
    described = sagemaker.api.describe_model(ModelName=name)["PrimaryContainer"]
    assert described["ModelDataSource"]["S3DataSource"] == source
    settled = sagemaker.endpoint_settled(sagemaker.endpoint(sagemaker.config(name)))
    assert f"{url} is not the model that was registered" in settled["FailureReason"]
