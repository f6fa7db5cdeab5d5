"""The state machine deploy, run: from the registry to an endpoint, and back.

Those that use `story` build on each other, in this order: an endpoint takes seconds to start. A rollout in
steps under constant load, with the share of each step, is tested in
localaws/tests/server/sagemaker/test_rollouts.py.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from landing_zone.core.errors import OperatorError
from landing_zone.runs.rollouts import Rollout
from tests.local.test_state_machines.conftest import IMAGE, PREFIX, Machines

SERVES = (
    "def model_fn(folder):\n    return '{name}'\n\ndef predict_fn(data, model):\n    return data\n"
)
BREAKS = (
    "def model_fn(folder):\n    return 0\n\ndef predict_fn(data, model):\n    raise ValueError\n"
)
NO_SERVER = "raise SystemExit('this model cannot be served')\n"
SETTINGS = {"instance_type": "ml.m5.large", "instance_count": 1, "capture_percent": 0}
ROW = "1,2,3\n"


class Registry:
    """The versions of a use case of one test, and its production endpoint."""

    def __init__(self, machines: Machines) -> None:
        self.machines = machines
        self.use_case = f"t{uuid.uuid4().hex[:8]}"
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
                        "Image": IMAGE,
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


@pytest.fixture
def registry(machines: Machines) -> Iterator[Registry]:
    made = Registry(machines)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def story(machines: Machines) -> Iterator[Registry]:
    made = Registry(machines)
    yield made
    made.remove()


def test_equal_is_a_no_op_that_says_so(story: Registry) -> None:
    version = story.register()
    # An event of the registry deploys to an endpoint that exists, and creates none.
    event = story.deploy(MayCreate=False)
    created = story.deploy()
    again = story.deploy()

    assert [output["Action"] for output in (event, created, again)] == ["none", "created", "none"]
    assert "does not exist, and an event of the registry creates none" in event["Message"]
    assert again["Message"] == (
        f"endpoint {story.endpoint} already serves version 1: nothing to deploy"
    )
    assert again["EndpointConfigName"] == created["EndpointConfigName"]
    assert created["EndpointConfigName"].startswith(f"{story.endpoint}-1-")
    assert created["ModelPackageArn"] == story.live() == version
    assert story.configs() == 1


def test_an_approval_and_a_run_at_the_same_time_deploy_once(story: Registry) -> None:
    second = story.register(status="PendingManualApproval")
    # The rule starts one execution, the run another.
    story.decide(second, "Approved")
    run = story.deploy(ModelPackageArn=second)
    machines = story.machines
    wait_until("the event's execution ends", lambda: len(story.outputs(second)) == 2)

    assert machines.executions("deploy", story.use_case) == []
    assert run["ModelPackageArn"] == story.live() == second
    assert sorted(output["Action"] for output in story.outputs(second)) == ["none", "updated"]
    assert story.configs() == 2


def test_rejecting_the_live_version_brings_back_the_one_before(story: Registry) -> None:
    first, second = story.packages
    story.decide(second, "Rejected")
    wait_until("the version before is live", lambda: story.live() == first)


def test_a_killed_execution_that_is_started_again_finishes(story: Registry) -> None:
    third = story.register()
    killed = story.start()
    wait_until("the rollout has begun", lambda: story.describe()["EndpointStatus"] == "Updating")
    story.machines.states.stop_execution(executionArn=killed)

    output = story.deploy()
    assert output["ModelPackageArn"] == story.live() == third
    assert story.configs() == 3


def test_without_an_approved_version_the_endpoint_serves_on(story: Registry) -> None:
    third = story.packages[-1]
    for arn in story.packages[:1]:
        story.decide(arn, "Rejected")
    story.decide(third, "Rejected")
    output = story.deploy()
    assert output["Action"] == "none"
    assert f"continues to serve {third}" in output["Message"]


def test_a_version_that_answers_5xx_is_rolled_back_and_rejected(registry: Registry) -> None:
    first = registry.register(instance_count=2)
    registry.deploy()
    second = registry.register(BREAKS, instance_count=2)
    stop = threading.Event()
    answers: list[int] = []
    caller = threading.Thread(target=call, args=(registry, stop, answers))
    caller.start()
    try:
        error, cause = registry.fails(ModelPackageArn=second)
    finally:
        stop.set()
        caller.join()

    assert error == "EndpointRolledBack"
    assert f"{registry.endpoint}-rollout-errors" in cause
    assert cause.startswith(f"Endpoint {registry.endpoint} went back to configuration ")
    assert registry.live() == first
    status, why = registry.status(second)
    assert status == "Rejected"
    assert why.startswith("Rolled back by ")
    assert f"{registry.endpoint}-rollout-errors" in why
    # Half of the instances, and nobody tries it again: the registry says what is live.
    assert 0 < answers.count(500) <= len(answers) * 0.6
    assert registry.deploy()["Action"] == "none"
    # A run that asks for the version is told why it is not deployed.
    error, cause = registry.fails(ModelPackageArn=second)
    assert error == "VersionNotApproved"
    assert "is Rejected, so it is not deployed: Rolled back by " in cause


def call(registry: Registry, stop: threading.Event, answers: list[int]) -> None:
    """Send a request after the other, and note the status of each answer."""
    while not stop.is_set():
        try:
            registry.machines.runtime.invoke_endpoint(
                EndpointName=registry.endpoint, ContentType="text/csv", Accept="text/csv", Body=ROW
            )
            answers.append(200)
        except ClientError as error:
            answers.append(int(error.response["OriginalStatusCode"]))
        stop.wait(0.05)


def test_a_rollout_is_aborted_and_the_reason_is_in_the_registry(registry: Registry) -> None:
    first = registry.register(instance_count=2)
    registry.deploy()
    second = registry.register(instance_count=2)
    execution = registry.start()
    wait_until("the first instance of the new version has traffic", registry.is_baking)
    rollout = Rollout(registry.machines, registry.endpoint, say=lambda _: None)
    rollout.abort("wrong prices")
    ended = registry.machines.wait(execution)

    assert (ended["status"], ended["error"]) == ("FAILED", "EndpointRolledBack")
    assert f"{registry.endpoint}-rollout-abort: wrong prices" in ended["cause"]
    assert registry.live() == first
    assert registry.status(second)[0] == "Rejected"
    with pytest.raises(OperatorError, match="no rollout is in progress"):
        rollout.abort("again")


def test_a_failed_endpoint_names_reason_and_next_step(registry: Registry) -> None:
    registry.register(NO_SERVER)
    error, cause = registry.fails()
    assert error == "EndpointFailed"
    assert cause.startswith(f"Endpoint {registry.endpoint} is Failed: ")
    assert "did not pass the ping health check" in cause
    assert f"aws sagemaker delete-endpoint --endpoint-name {registry.endpoint}" in cause


def test_a_new_version_is_tested_on_dev_with_rows_of_its_run(registry: Registry) -> None:
    machines = registry.machines
    test = {"requests": 20, "rate": 20, "max_error_rate": 0, "max_p99_milliseconds": 20_000}
    version = registry.register(status="PendingManualApproval", dev={"enabled": True, "test": test})
    run_id = registry.run_of(version)
    machines.put(f"{run_id}/preprocessing/test/test.csv", "a,y,b\n1,2,3\n4,5,6\n")
    endpoint = f"{registry.endpoint}-dev"
    try:
        output = registry.deploy(Target="dev", RunId=run_id)
        # The version waits for its approval: dev comes before it.
        assert (output["Action"], output["EndpointName"]) == ("created", endpoint)
        assert (output["ModelPackageArn"], output["Test"]["Passed"]) == (version, True)
        results = json.loads(machines.get(f"{run_id}/deployment/dev.json"))
        assert (results["Load"]["Requests"], results["Load"]["ErrorRate"]) == (20, 0)

        registry.settings(
            run_id, dev={"enabled": True, "test": {**test, "max_p99_milliseconds": 0.001}}
        )
        error, cause = registry.fails(Target="dev", RunId=run_id)
        assert error == "EndpointTestFailed"
        assert "max_p99_milliseconds: found " in cause
    finally:
        machines.sagemaker.delete_endpoint(EndpointName=endpoint)


def test_an_archive_that_is_not_the_registered_one_is_not_deployed(registry: Registry) -> None:
    registry.register(sha256="00" * 32)
    error, cause = registry.fails()
    assert error == "ModelDataChanged"
    assert "is not the model that was registered" in cause


def test_an_unknown_target_is_named(registry: Registry) -> None:
    error, cause = registry.fails(Target="staging")
    assert error == "ConfigurationError"
    assert "Target: found 'staging'; allowed: dev, prod" in cause
