"""The state machine deploy, run: from the registry to an endpoint, and back.

Those that use `story` build on each other, in this order: an endpoint takes seconds to start. A rollout in
steps under constant load, with the share of each step, is tested in
localaws/tests/server/sagemaker/test_rollouts.py.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from landing_zone.core.errors import OperatorError
from landing_zone.runs.rollouts import Rollout
from tests.local.test_state_machines.conftest import Machines
from tests.local.test_state_machines.registry import ROW, Registry, wait_until

BREAKS = (
    "def model_fn(folder):\n    return 0\n\ndef predict_fn(data, model):\n    raise ValueError\n"
)
NO_SERVER = "raise SystemExit('this model cannot be served')\n"


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
