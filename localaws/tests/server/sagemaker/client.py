"""SageMaker for the tests: a role, a bucket, and short ways to run jobs and endpoints."""

from __future__ import annotations

import io
import json
import tarfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from localaws.testing import REGION, LocalAws

ACCOUNT = "123456789012"
OWN_IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/ml-core:1"
SCIKIT_LEARN_IMAGE = (
    f"141502667606.dkr.ecr.{REGION}.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
)
BUCKET = "sagemaker-tests"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def variant(name: str, model: str, **more: Any) -> dict[str, Any]:
    """A production variant of one instance, which may take long to start on a busy machine."""
    return {
        "VariantName": name, "ModelName": model, "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1, "InitialVariantWeight": 1.0,
        "ContainerStartupHealthCheckTimeoutInSeconds": 3600, **more,
    }  # fmt: skip


def tar_gz(files: dict[str, bytes]) -> bytes:
    """A tar.gz of files by name."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


class SageMaker:
    """boto3 against one localaws, with names that never collide."""

    def __init__(self, localaws: LocalAws) -> None:
        self.localaws = localaws
        self.api = localaws.client("sagemaker")
        self.runtime = localaws.client("sagemaker-runtime", max_pool_connections=32)
        self.s3 = localaws.client("s3")
        self.logs = localaws.client("logs")
        self.s3.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        iam = localaws.client("iam")
        self.role = iam.create_role(
            RoleName="sagemaker", AssumeRolePolicyDocument=json.dumps(TRUST)
        )["Role"]["Arn"]

    @staticmethod
    def name(prefix: str) -> str:
        return f"{prefix}-{uuid.uuid4().hex[:8]}"

    def put(self, key: str, body: bytes | str) -> str:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        return f"s3://{BUCKET}/{key}"

    def get(self, key: str) -> bytes:
        return self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()

    def keys(self, prefix: str) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [item["Key"] for item in found.get("Contents", [])]

    def processing_request(self, name: str, *command: str, **more: Any) -> dict[str, Any]:
        more.setdefault("StoppingCondition", {"MaxRuntimeInSeconds": 86400})
        return {
            "ProcessingJobName": name,
            "RoleArn": self.role,
            "AppSpecification": {"ImageUri": OWN_IMAGE, "ContainerEntrypoint": list(command)},
            "ProcessingResources": {
                "ClusterConfig": {
                    "InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 10,
                },
            },
            **more,
        }  # fmt: skip

    def start_processing(self, *command: str, **more: Any) -> str:
        name = self.name("processing")
        self.api.create_processing_job(**self.processing_request(name, *command, **more))
        return name

    def process(self, *command: str, **more: Any) -> dict[str, Any]:
        return self.processing_ended(self.start_processing(*command, **more))

    def process_script(self, script: str, **more: Any) -> dict[str, Any]:
        """A processing job of a Python script, which comes from S3 as it would on AWS."""
        uri = self.put(f"code/{self.name('script')}/script.py", script)
        code = {
            "InputName": "code",
            "S3Input": {
                "S3Uri": uri, "LocalPath": "/opt/ml/processing/input/code",
                "S3DataType": "S3Prefix", "S3InputMode": "File",
            },
        }  # fmt: skip
        inputs = [*more.pop("ProcessingInputs", []), code]
        command = ("python3", "/opt/ml/processing/input/code/script.py")
        return self.process(*command, ProcessingInputs=inputs, **more)

    def processing_ended(self, name: str) -> dict[str, Any]:
        return wait(
            lambda: self.api.describe_processing_job(ProcessingJobName=name),
            lambda job: job["ProcessingJobStatus"] in ("Completed", "Failed", "Stopped"),
        )

    def training_request(self, name: str, **more: Any) -> dict[str, Any]:
        more.setdefault("StoppingCondition", {"MaxRuntimeInSeconds": 86400})
        more.setdefault(
            "AlgorithmSpecification",
            {"TrainingImage": SCIKIT_LEARN_IMAGE, "TrainingInputMode": "File"},
        )
        return {
            "TrainingJobName": name,
            "RoleArn": self.role,
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/training"},
            "ResourceConfig": {
                "InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10,
            },
            **more,
        }  # fmt: skip

    def start_training(
        self, script: str, parameters: dict[str, str] | None = None, **more: Any
    ) -> str:
        """Script mode with ``script`` as train.py."""
        name = self.name("training")
        code = self.put(f"code/{name}/sourcedir.tar.gz", tar_gz({"train.py": script.encode()}))
        hyperparameters = {
            "sagemaker_program": "train.py", "sagemaker_submit_directory": code, **(parameters or {}),
        }  # fmt: skip
        request = self.training_request(name, HyperParameters=hyperparameters, **more)
        self.api.create_training_job(**request)
        return name

    def train(
        self, script: str, parameters: dict[str, str] | None = None, **more: Any
    ) -> dict[str, Any]:
        return self.training_ended(self.start_training(script, parameters, **more))

    def training_ended(self, name: str) -> dict[str, Any]:
        return wait(
            lambda: self.api.describe_training_job(TrainingJobName=name),
            lambda job: job["TrainingJobStatus"] in ("Completed", "Failed", "Stopped"),
        )

    def model(
        self, inference: str, files: dict[str, bytes] | None = None, **environment: str
    ) -> str:
        """A model of the prebuilt image with ``inference`` as its program."""
        name = self.name("model")
        archive = tar_gz({"code/inference.py": inference.encode(), **(files or {})})
        url = self.put(f"models/{name}/model.tar.gz", archive)
        self.api.create_model(
            ModelName=name,
            ExecutionRoleArn=self.role,
            PrimaryContainer={
                "Image": SCIKIT_LEARN_IMAGE,
                "ModelDataUrl": url,
                "Environment": {
                    "SAGEMAKER_PROGRAM": "inference.py",
                    "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
                    **environment,
                },
            },
        )
        return name

    def container(self, code: str, **environment: str) -> dict[str, Any]:
        """A container of the account's own image, whose server runs ``code`` (see conftest.SERVE)."""
        archive = tar_gz({"code/inference.py": code.encode()})
        return {
            "Image": OWN_IMAGE,
            "ModelDataUrl": self.put(f"models/{self.name('own')}/model.tar.gz", archive),
            "Environment": environment,
        }

    def own_model(self, code: str, **environment: str) -> str:
        """A model of one such container."""
        name = self.name("model")
        self.api.create_model(
            ModelName=name,
            ExecutionRoleArn=self.role,
            PrimaryContainer=self.container(code, **environment),
        )
        return name

    @contextmanager
    def serving(self, variants: list[dict[str, Any]] | str, **config: Any) -> Iterator[str]:
        """The name of an endpoint in service, which is deleted at the end.

        Args:
            variants: the production variants, or the model of the only one.
            config: further members of the endpoint config.
        """
        if isinstance(variants, str):
            variants = [variant("AllTraffic", variants)]
        name = self.name("config")
        self.api.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=variants, **config
        )
        endpoint = self.endpoint(name)
        try:
            settled = self.endpoint_settled(endpoint)
            assert settled["EndpointStatus"] == "InService", settled.get("FailureReason")
            yield endpoint
        finally:
            self.endpoint_settled(endpoint)
            self.api.delete_endpoint(EndpointName=endpoint)
            self.api.get_waiter("endpoint_deleted").wait(
                EndpointName=endpoint, WaiterConfig={"Delay": 0.05, "MaxAttempts": 600}
            )

    def config(
        self, *models: str, count: int = 1, weights: tuple[float, ...] = (), **more: Any
    ) -> str:
        name = self.name("config")
        variants = [
            {
                "VariantName": f"variant-{index}", "ModelName": model, "InstanceType": "ml.m5.large",
                "InitialInstanceCount": count,
                "InitialVariantWeight": weights[index] if weights else 1.0,
                "ContainerStartupHealthCheckTimeoutInSeconds": 600, **more,
            }
            for index, model in enumerate(models)
        ]  # fmt: skip
        self.api.create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants)
        return name

    def endpoint(self, config: str) -> str:
        name = self.name("endpoint")
        self.api.create_endpoint(EndpointName=name, EndpointConfigName=config)
        return name

    def endpoint_settled(self, name: str) -> dict[str, Any]:
        return wait(
            lambda: self.api.describe_endpoint(EndpointName=name),
            lambda e: e["EndpointStatus"] in ("InService", "Failed"),
        )

    def lines(self, group: str, prefix: str) -> list[str]:
        """The lines of the log streams of a job."""

        def read() -> list[str]:
            try:
                streams = self.logs.describe_log_streams(
                    logGroupName=group, logStreamNamePrefix=f"{prefix}/"
                )["logStreams"]
            except self.logs.exceptions.ResourceNotFoundException:
                return []
            return [
                event["message"]
                for stream in streams
                for event in self.logs.get_log_events(
                    logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
                )["events"]
            ]

        return wait(read, bool)


def wait(read: Any, done: Any, seconds: float = 60) -> Any:
    """Read until done."""
    deadline = time.monotonic() + seconds
    while True:
        found = read()
        if done(found):
            return found
        assert time.monotonic() < deadline, f"not done in {seconds} s: {found}"
        time.sleep(0.02)
