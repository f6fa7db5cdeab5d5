"""The versions of a use case in the model registry, and what the state machine deploy makes of them."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import time
import uuid
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from tests.local.test_state_machines.conftest import IMAGE, PREFIX, Machines

SERVES = (
    "def model_fn(folder):\n    return '{name}'\n\ndef predict_fn(data, model):\n    return data\n"
)
ROW = "1,2,3\n"
SETTINGS = {"instance_type": "ml.m5.large", "instance_count": 1, "capture_percent": 0}


class Registry:
    """The versions of a use case of one test, and its production endpoint."""

    def __init__(self, machines: Machines, image: str = IMAGE, use_case: str = "") -> None:
        self.machines = machines
        self.image = image
        self.use_case = use_case or f"t{uuid.uuid4().hex[:8]}"
        self.endpoint = f"{PREFIX}-{self.use_case}"
        self.packages: list[str] = []
        machines.sagemaker.create_model_package_group(ModelPackageGroupName=self.endpoint)

    def settings(self, run_id: str, dev: dict[str, Any] | None = None, **prod: Any) -> None:
        """The use case of a run, as create_schema stores it."""
        endpoint = {
            "dev": {**SETTINGS, **(dev or {"enabled": False})},
            "prod": {**SETTINGS, **prod},
        }
        columns = [{"name": "a"}, {"name": "y"}, {"name": "b"}]
        use_case = {"task": "regression", "target": "y", "columns": columns, "endpoint": endpoint}
        self.machines.put(f"{run_id}/config/use_case.json", json.dumps(use_case))

    def run_of(self, arn: str) -> str:
        found = self.machines.sagemaker.describe_model_package(ModelPackageName=arn)
        return str(found["CustomerMetadataProperties"]["RunId"])

    def register(
        self, code: str = SERVES, status: str = "Approved", sha256: str = "", **settings: Any
    ) -> str:
        """A version as the training state machine registers it; returns its ARN."""
        run_id = str(uuid.uuid4())
        archive = archive_of(code.replace("{name}", run_id))
        self.settings(run_id, **settings)
        url = self.machines.put(f"{run_id}/training/job/output/model.tar.gz", archive)
        arn: str = self.machines.sagemaker.create_model_package(
            ModelPackageGroupName=self.endpoint,
            ModelApprovalStatus=status,
            InferenceSpecification={
                "Containers": [
                    {
                        "Image": self.image,
                        "ModelDataUrl": url,
                        "Environment": {
                            "SAGEMAKER_PROGRAM": "inference.py",
                            "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
                        },
                    }
                ],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
            CustomerMetadataProperties={
                "RunId": run_id,
                "ModelSha256": sha256 or hashlib.sha256(archive).hexdigest(),
            },
        )["ModelPackageArn"]
        self.packages.append(arn)
        return arn

    def start(self, **order: Any) -> str:
        given = {"UseCase": self.use_case, "Target": "prod", "Reason": "a test", **order}
        return self.machines.start("deploy", given)

    def deploy(self, **order: Any) -> dict[str, Any]:
        execution = self.machines.wait(self.start(**order))
        assert execution["status"] == "SUCCEEDED", execution.get("cause")
        output: dict[str, Any] = json.loads(execution["output"])
        return output

    def fails(self, **order: Any) -> tuple[str, str]:
        execution = self.machines.wait(self.start(**order))
        assert execution["status"] == "FAILED", execution
        return execution["error"], execution["cause"]

    def describe(self) -> dict[str, Any]:
        found: dict[str, Any] = self.machines.sagemaker.describe_endpoint(
            EndpointName=self.endpoint
        )
        return found

    def is_baking(self) -> bool:
        """Whether a rollout in steps waits after its first step."""
        pending = self.describe().get("PendingDeploymentSummary", {})
        status = (pending.get("ProductionVariants") or [{}])[0].get("VariantStatus", [{}])[0]
        return "capacity of 1 instance(s)" in status.get("StatusMessage", "")

    def live(self) -> str:
        """The ARN of the version that the endpoint serves, by the tags of its configuration."""
        name = self.describe()["EndpointConfigName"]
        sagemaker = self.machines.sagemaker
        arn = sagemaker.describe_endpoint_config(EndpointConfigName=name)["EndpointConfigArn"]
        tags = {tag["Key"]: tag["Value"] for tag in sagemaker.list_tags(ResourceArn=arn)["Tags"]}
        return tags["ModelPackageArn"]

    def status(self, arn: str) -> tuple[str, str]:
        found = self.machines.sagemaker.describe_model_package(ModelPackageName=arn)
        return found["ModelApprovalStatus"], found.get("ApprovalDescription", "")

    def decide(self, arn: str, status: str) -> None:
        self.machines.sagemaker.update_model_package(
            ModelPackageArn=arn, ModelApprovalStatus=status, ApprovalDescription="a test"
        )

    def configs(self) -> int:
        """How many configurations of this use case there are: each rollout has one."""
        found = self.machines.sagemaker.list_endpoint_configs(NameContains=self.endpoint)
        return len(found["EndpointConfigs"])

    def outputs(self, version: str) -> list[dict[str, Any]]:
        """The outputs of the executions that have ended with a version."""
        found = self.machines.outputs("deploy", self.use_case)
        return [output for output in found if output["ModelPackageArn"] == version]

    def remove(self) -> None:
        """Stop what is running, and delete the endpoint."""
        for arn in self.machines.executions("deploy", self.use_case):
            self.machines.states.stop_execution(executionArn=arn)
        try:
            wait_until(
                "no rollout is in progress",
                lambda: self.describe()["EndpointStatus"] not in ("Creating", "Updating"),
            )
            self.machines.sagemaker.delete_endpoint(EndpointName=self.endpoint)
        except ClientError as error:
            assert "Could not find endpoint" in str(error)  # the test made none


def archive_of(code: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        info = tarfile.TarInfo("code/inference.py")
        info.size = len(code.encode())
        archive.addfile(info, io.BytesIO(code.encode()))
    return buffer.getvalue()


def wait_until(what: str, condition: Callable[[], Any], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.1)
    return found
