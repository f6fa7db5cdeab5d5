"""plan_deployment on a fake account, one call after the other as the state machine makes them."""

from __future__ import annotations

from typing import Any

import pytest

from common.errors import ConfigurationError, InputError
from plan_deployment.steps import MAX_FAILURES, MAX_POLLS
from tests.unit.lambdas import fakes
from tests.unit.lambdas.plan_deployment.world import ENDPOINT, PREFIX, USE_CASE, World, steps


@pytest.fixture
def world() -> World:
    return World()


def refused(plan: dict[str, Any], cause: str) -> dict[str, Any]:
    """The state after AWS has refused the step of a plan."""
    return {"Plan": plan, "Failure": {"Error": "SageMaker.E", "Cause": cause}}


def test_the_first_deployment_makes_what_is_missing_and_then_nothing(world: World) -> None:
    arn = world.version()
    plans = world.run()
    assert steps(plans) == ["model", "config", "create", "done"]
    output = plans[-1]["Output"]
    assert (output["Action"], output["ModelPackageArn"]) == ("created", arn)
    assert output["Message"] == f"endpoint {ENDPOINT} serves version 1"
    config = plans[1]["Request"]
    tags = {tag["Key"]: tag["Value"] for tag in config["Tags"]}
    assert tags == {
        "ModelPackageArn": arn,
        "ModelVersion": "1",
        "UseCase": USE_CASE,
        "RunId": "run-1",
        "Environment": PREFIX,
        "Target": "prod",
        "ModelVersion.AllTraffic": "1",
    }
    assert config["KmsKeyId"] == fakes.KMS_KEY
    assert plans[0]["Request"]["EnableNetworkIsolation"] is True

    again = world.run()
    assert steps(again) == ["done"]
    assert again[-1]["Output"]["Action"] == "none"
    assert "already serves version 1: nothing to deploy" in again[-1]["Output"]["Message"]


def test_the_same_settings_have_the_same_name_and_others_another(world: World) -> None:
    world.version(Model="model-of-the-training")
    world.sagemaker.models.add("model-of-the-training")
    first = world.plan()
    assert first["Do"] == "config"
    name = first["Request"]["EndpointConfigName"]
    assert world.plan()["Request"]["EndpointConfigName"] == name
    assert name.startswith(f"{ENDPOINT}-1-")
    other = World()
    other.version(Model="model-of-the-training", prod={"instance_count": 2})
    other.sagemaker.models.add("model-of-the-training")
    assert other.plan()["Request"]["EndpointConfigName"] != name


def test_an_update_is_guarded_and_moves_in_steps(world: World) -> None:
    world.version(prod={"instance_count": 2})
    world.run()
    world.version(prod={"instance_count": 2})
    plans = world.run()
    assert steps(plans) == ["model", "config", "update", "done"]
    update = plans[2]
    policy = update["Request"]["DeploymentConfig"]
    routing = policy["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
    assert (routing["Type"], routing["LinearStepSize"]["Value"]) == ("LINEAR", 20)
    names = [item["AlarmName"] for item in policy["AutoRollbackConfiguration"]["Alarms"]]
    assert names == [alarm["AlarmName"] for alarm in update["Alarms"]]
    assert names == [f"{ENDPOINT}-rollout-{kind}" for kind in ("errors", "latency", "abort")]
    dimensions = {item["Name"]: item["Value"] for item in update["Alarms"][0]["Dimensions"]}
    assert dimensions["EndpointConfigName"] == update["Request"]["EndpointConfigName"]
    assert "RetainAllVariantProperties" not in update["Request"]


def test_one_instance_is_replaced_at_once_but_guarded(world: World) -> None:
    world.version()
    world.run()
    world.version()
    policy = world.run()[2]["Request"]["DeploymentConfig"]
    routing = policy["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
    assert routing["Type"] == "ALL_AT_ONCE"
    assert len(policy["AutoRollbackConfiguration"]["Alarms"]) == 3


def test_another_execution_that_was_faster_is_followed(world: World) -> None:
    world.version()
    world.run()
    world.version()
    plan = world.plan()
    while plan["Do"] != "update":
        state = {"Plan": plan}
        world.do(plan, state)
        plan = world.plan(state)
    before = world.sagemaker.endpoint
    assert before is not None
    name = plan["Request"]["EndpointConfigName"]
    # The other one has begun the update: ours is refused.
    world.sagemaker.endpoint = {
        **before,
        "EndpointStatus": "Updating",
        "PendingDeploymentSummary": {"EndpointConfigName": name},
    }
    waiting = world.plan(refused(plan, "Cannot update in-progress endpoint"))
    assert (waiting["Do"], waiting["Memory"]["watching"]) == ("wait", name)
    world.serve(name)
    done = world.plan({"Plan": waiting})
    assert done["Output"]["Action"] == "none"


def test_a_step_that_is_refused_again_and_again_fails_with_the_services_own_words(
    world: World,
) -> None:
    world.version()
    plan = world.plan()
    waits = []
    for _ in range(MAX_FAILURES):
        plan = world.plan(refused(plan, "The quota is used up"))
        waits.append(plan.get("WaitSeconds"))
        if plan["Do"] == "wait":
            plan = world.plan({"Plan": plan})
    assert waits == [2, 4, 8, None]
    assert (plan["Do"], plan["Error"]) == ("fail", "SageMaker.E")
    assert plan["Cause"].startswith("The quota is used up (use case housing, target prod")


def rolling_back(world: World, **endpoint: Any) -> dict[str, Any]:
    """The plan after an update has begun and the endpoint is back in service with the old configuration."""
    world.version()
    world.run()
    assert world.sagemaker.endpoint is not None
    live = world.sagemaker.endpoint["EndpointConfigName"]
    world.version()
    plan = world.plan()
    while plan["Do"] != "update":
        state = {"Plan": plan}
        world.do(plan, state)
        plan = world.plan(state)
    world.serve(live, **endpoint)
    return plan


def test_a_rollback_rejects_the_version_and_fails_with_the_reason(world: World) -> None:
    plan = rolling_back(world)
    world.alarms.raised = [{"AlarmName": "abort", "StateReason": "wrong prices"}]
    # The first answers may be older than the update.
    seen = []
    for _ in range(3):
        plan = world.plan({"Plan": plan})
        seen.append(plan["Do"])
    assert seen == ["wait", "wait", "reject"]
    request = plan["Request"]
    assert request["ModelPackageArn"] == world.sagemaker.packages[1]["ModelPackageArn"]
    assert request["ApprovalDescription"].startswith("Rolled back by e-1: Endpoint ")
    assert "abort: wrong prices" in request["ApprovalDescription"]
    world.do(plan, {})
    world.alarms.raised = []

    failed = world.plan({"Plan": plan})
    assert failed["Error"] == "EndpointRolledBack"
    assert "is not in service: abort: wrong prices." in failed["Cause"]
    assert f"{request['ModelPackageArn']} is Rejected now." in failed["Cause"]
    # The registry says what is live, so the next execution has nothing to do.
    assert world.run()[-1]["Output"]["Action"] == "none"


def test_a_rejection_that_is_refused_is_tried_again(world: World) -> None:
    plan = rolling_back(world)
    while plan["Do"] != "reject":
        plan = world.plan({"Plan": plan})
    assert world.plan(refused(plan, "Rate exceeded"))["Do"] == "wait"


def test_a_newer_deployment_is_no_rollback(world: World) -> None:
    plan = rolling_back(world)
    third = world.version()
    world.sagemaker.configs["another"] = {"ProductionVariants": []}
    world.serve("another")
    found = world.plan({"Plan": plan})
    assert found["Do"] == "model"
    assert third.endswith("/3")


@pytest.mark.parametrize("status", ["Failed", "OutOfService"])
def test_a_broken_endpoint_names_the_next_step(world: World, status: str) -> None:
    world.version()
    world.run()
    world.version()
    assert world.sagemaker.endpoint is not None
    world.sagemaker.endpoint |= {"EndpointStatus": status, "FailureReason": "no memory"}
    plan = world.plan()
    assert plan["Error"] == "EndpointFailed"
    assert f"is {status}: no memory. Delete it (aws sagemaker delete-endpoint" in plan["Cause"]


def test_waiting_has_an_end(world: World) -> None:
    plan = rolling_back(world, EndpointStatus="Updating")
    plan["Memory"]["polls"] = MAX_POLLS
    assert world.plan({"Plan": plan})["Error"] == "EndpointTimedOut"


def test_an_archive_that_was_replaced_is_not_deployed(world: World) -> None:
    world.version()
    key = "run-1/training/j/output/model.tar.gz"
    world.s3.put(fakes.WORKFLOW, key, b"other files")
    plans = world.run()
    assert steps(plans) == ["model", "config", "fail"]
    assert plans[-1]["Error"] == "ModelDataChanged"
    assert "is not the model that was registered" in plans[-1]["Cause"]


def test_a_version_without_a_run_gets_one_instance_of_its_type(world: World) -> None:
    world.version()
    world.s3.objects.pop((fakes.WORKFLOW, "run-1/config/use_case.json"))
    (variant,) = world.run()[1]["Request"]["ProductionVariants"]
    assert (variant["InstanceType"], variant["InitialInstanceCount"]) == ("ml.t2.medium", 1)
    world.sagemaker.packages[0]["InferenceSpecification"].pop(
        "SupportedRealtimeInferenceInstanceTypes"
    )
    with pytest.raises(InputError, match="names no instance type"):
        world.run()


def test_an_event_names_the_group_and_creates_nothing(world: World) -> None:
    world.version()
    order = {"UseCase": "", "ModelPackageGroupName": ENDPOINT, "MayCreate": False}
    (plan,) = world.run(**order)
    assert "an event of the registry creates none" in plan["Output"]["Message"]


def test_a_wrong_order_is_refused_with_everything_that_is_wrong(world: World) -> None:
    with pytest.raises(ConfigurationError) as caught:
        world.plan(UseCase="", Target="test")
    assert caught.value.problems[0].startswith("UseCase: found ''")
    assert caught.value.problems[1] == "Target: found 'test'; allowed: dev, prod"


def test_a_run_for_a_batch_needs_no_endpoint(world: World) -> None:
    (plan,) = world.run(EndpointType="Batch")
    assert plan["Output"]["Message"] == "EndpointType is Batch: the run needs no endpoint"
