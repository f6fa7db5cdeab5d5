"""Variants, scaling, capture and the dev endpoint: what the section `endpoint` of a use case becomes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.lambdas import fakes
from tests.unit.lambdas.plan_deployment.world import ENDPOINT, USE_CASE, World, steps

SCALING = {
    "min": 2,
    "max": 10,
    "target_invocations": 200,
    "scale_in_cooldown": 300,
    "scale_out_cooldown": 60,
}
SERVERLESS = {"memory_mb": 2048, "max_concurrency": 5, "network_isolation": False}


@pytest.fixture
def world() -> World:
    return World()


def config_of(plans: list[dict[str, Any]]) -> dict[str, Any]:
    config: dict[str, Any] = next(plan["Request"] for plan in plans if plan["Do"] == "config")
    return config


def test_the_newest_version_challenges_the_one_before(world: World) -> None:
    world.version(prod={"challenger": {"version": "previous", "weight": 0.1}})
    # With one approved version there is nothing to compare.
    assert [v["VariantName"] for v in config_of(world.run())["ProductionVariants"]] == [
        "AllTraffic"
    ]
    world.version(prod={"challenger": {"version": "previous", "weight": 0.1}, "instance_count": 2})
    plans = world.run()
    a, b = config_of(plans)["ProductionVariants"]
    assert (a["VariantName"], a["InitialVariantWeight"]) == ("A", 0.9)
    assert (b["VariantName"], b["InitialVariantWeight"]) == ("B", 0.1)
    assert (a["ModelName"], b["ModelName"]) == (f"{ENDPOINT}-1-model", f"{ENDPOINT}-2-model")
    tags = {tag["Key"]: tag["Value"] for tag in config_of(plans)["Tags"]}
    assert (tags["ModelVersion.A"], tags["ModelVersion.B"], tags["ModelVersion"]) == ("1", "2", "2")
    update = next(plan for plan in plans if plan["Do"] == "update")
    # The variants have other names now, so no part of the traffic can move.
    routing = update["Request"]["DeploymentConfig"]["BlueGreenUpdatePolicy"]
    assert routing["TrafficRoutingConfiguration"]["Type"] == "ALL_AT_ONCE"
    dimensions = {item["Name"]: item["Value"] for item in update["Alarms"][0]["Dimensions"]}
    assert dimensions["VariantName"] == "B"


def test_a_named_version_challenges_the_newest(world: World) -> None:
    world.version()
    world.version()
    world.version(prod={"challenger": {"version": 1, "weight": 0.25}})
    a, b = config_of(world.run())["ProductionVariants"]
    assert (a["ModelName"], b["ModelName"]) == (f"{ENDPOINT}-3-model", f"{ENDPOINT}-1-model")


def test_a_shadow_gets_copies(world: World) -> None:
    world.version()
    world.version(prod={"shadow": {"version": "previous", "weight": 0.5}})
    plans = world.run()
    assert steps(plans) == ["model", "model", "config", "create", "done"]
    config = config_of(plans)
    (variant,) = config["ProductionVariants"]
    (shadow,) = config["ShadowProductionVariants"]
    assert (variant["ModelName"], variant["VariantName"]) == (f"{ENDPOINT}-2-model", "AllTraffic")
    assert (shadow["ModelName"], shadow["VariantName"]) == (f"{ENDPOINT}-1-model", "Shadow")


def test_a_rejected_version_is_no_second_variant(world: World) -> None:
    world.version("Rejected")
    world.version(prod={"shadow": {"version": 1, "weight": 0.5}})
    assert "ShadowProductionVariants" not in config_of(world.run())


def test_scaling_is_registered_once_the_endpoint_is_in_service(world: World) -> None:
    world.version(prod={"autoscaling": SCALING})
    plans = world.run()
    assert steps(plans) == ["model", "config", "create", "scale", "done"]
    assert config_of(plans)["ProductionVariants"][0]["InitialInstanceCount"] == 2
    scale = plans[3]
    resource = f"endpoint/{ENDPOINT}/variant/AllTraffic"
    assert scale["Request"] == {
        "ServiceNamespace": "sagemaker",
        "ResourceId": resource,
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "MinCapacity": 2,
        "MaxCapacity": 10,
    }
    tracking = scale["Policy"]["TargetTrackingScalingPolicyConfiguration"]
    assert (tracking["TargetValue"], tracking["ScaleOutCooldown"]) == (200, 60)
    assert steps(world.run()) == ["done"]

    # An update leaves the number of instances to the scaling.
    world.version(prod={"autoscaling": SCALING})
    update = next(plan for plan in world.run() if plan["Do"] == "update")
    assert update["Request"]["RetainAllVariantProperties"] is True

    # Without the section, the next version removes it.
    world.version()
    assert steps(world.run()) == ["model", "config", "update", "unscale", "done"]


def test_capture_names_the_content_types(world: World) -> None:
    world.version(prod={"capture_percent": 50})
    capture = config_of(world.run())["DataCaptureConfig"]
    assert capture["InitialSamplingPercentage"] == 50
    assert capture["DestinationS3Uri"] == f"s3://{fakes.WORKFLOW}/capture"
    assert capture["CaptureContentTypeHeader"] == {
        "CsvContentTypes": ["text/csv"],
        "JsonContentTypes": ["application/json"],
    }


def test_dev_gets_the_version_of_the_run_and_tests_it(world: World) -> None:
    world.version()
    waiting = world.version("PendingManualApproval")
    world.version("PendingManualApproval")
    plans = world.run(Target="dev", RunId="run-2")
    assert steps(plans) == ["model", "config", "create", "test", "done"]
    assert plans[3]["Request"]["Test"] == {"requests": 10}
    output = plans[-1]["Output"]
    assert (output["ModelPackageArn"], output["EndpointName"]) == (waiting, f"{ENDPOINT}-dev")
    assert output["Test"]["Passed"] is True


def test_an_update_on_dev_is_quick_and_rejects_nothing(world: World) -> None:
    world.version()
    world.run(Target="dev")
    world.version("PendingManualApproval")
    update = next(plan for plan in world.run(Target="dev") if plan["Do"] == "update")
    policy = update["Request"]["DeploymentConfig"]
    assert (update["Alarms"], "AutoRollbackConfiguration" in policy) == ([], False)
    assert policy["BlueGreenUpdatePolicy"]["TerminationWaitInSeconds"] == 0


def test_a_failed_test_names_the_results(world: World) -> None:
    world.version("PendingManualApproval")
    plan = world.run(Target="dev")[-2]
    answer = {"Passed": False, "Summary": "smoke test: 500", "Location": "s3://b/dev.json"}
    failed = world.plan({"Plan": plan, "Test": {"Answer": answer}}, Target="dev")
    assert failed["Error"] == "EndpointTestFailed"
    assert f"Endpoint {ENDPOINT}-dev does not pass its test: smoke test: 500" in failed["Cause"]
    assert "Results: s3://b/dev.json" in failed["Cause"]


def test_a_use_case_without_a_dev_endpoint_says_so(world: World) -> None:
    world.version(dev={"enabled": False})
    (plan,) = world.run(Target="dev")
    assert (
        plan["Output"]["Message"]
        == f"use case {USE_CASE} has no dev endpoint (endpoint.dev.enabled)"
    )


def test_a_rejected_version_is_not_deployed_to_dev(world: World) -> None:
    world.version("Rejected")
    (plan,) = world.run(Target="dev", RunId="run-1")
    assert plan["Error"] == "VersionNotApproved"


def test_serverless_has_a_model_without_isolation_and_no_key(world: World) -> None:
    world.version(dev={"serverless": SERVERLESS}, Model="model-of-the-training")
    plans = world.run(Target="dev")
    assert plans[0]["Request"]["EnableNetworkIsolation"] is False
    config = config_of(plans)
    (variant,) = config["ProductionVariants"]
    assert variant["ServerlessConfig"] == {"MemorySizeInMB": 2048, "MaxConcurrency": 5}
    assert "KmsKeyId" not in config
    assert "InstanceType" not in variant

    # SageMaker changes no serverless endpoint into a real-time one.
    world.version()
    failed = world.run(Target="dev")[-1]
    assert failed["Error"] == "EndpointKind"
    assert "is serverless, and its settings ask for a real-time one" in failed["Cause"]
