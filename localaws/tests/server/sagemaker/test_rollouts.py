"""Updates of endpoints in steps, their rollback by alarms, and changes of running fleets."""

import threading
from collections import Counter
from contextlib import contextmanager

import psutil
import pytest
from botocore.exceptions import ClientError

from server.sagemaker.client import OWN_IMAGE, tar_gz, wait

# With the clock of these tests: two real seconds.
WAIT = 20
ONE = {"Type": "INSTANCE_COUNT", "Value": 1}


def model(sagemaker, answer, status=200):
    """A model of the account's own image, which answers every line with a text."""
    name = sagemaker.name("model")
    code = f"ANSWER, STATUS = {answer!r}, {status}"
    archive = tar_gz({"code/inference.py": code.encode()})
    sagemaker.api.create_model(
        ModelName=name,
        ExecutionRoleArn=sagemaker.role,
        PrimaryContainer={
            "Image": OWN_IMAGE,
            "ModelDataUrl": sagemaker.put(f"models/{name}/model.tar.gz", archive),
        },
    )
    return name


@pytest.fixture
def endpoint(sagemaker):
    """An endpoint with four instances that answer "old", and the config of one that answers "new"."""
    name = sagemaker.endpoint(sagemaker.config(model(sagemaker, "old"), count=4))
    settled = sagemaker.endpoint_settled(name)
    assert settled["EndpointStatus"] == "InService", settled.get("FailureReason")
    yield name
    sagemaker.endpoint_settled(name)
    sagemaker.api.delete_endpoint(EndpointName=name)


@pytest.fixture
def new(sagemaker):
    return sagemaker.config(model(sagemaker, "new"), count=4)


@pytest.fixture
def alarm(sagemaker):
    name = sagemaker.name("alarm")
    cloudwatch = sagemaker.localaws.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name, Namespace="AWS/SageMaker", MetricName="Invocation5XXErrors", Statistic="Average",
        Period=60, EvaluationPeriods=1, Threshold=0.5, ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
    )  # fmt: skip

    def set_state(state):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")

    set_state("OK")
    yield name, set_state
    cloudwatch.delete_alarms(AlarmNames=[name])


def deployment(kind="ALL_AT_ONCE", alarms=(), wait=WAIT, **more):
    config = {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {
                "Type": kind, "WaitIntervalInSeconds": wait, **more,
            },
            "TerminationWaitInSeconds": WAIT,
        }
    }  # fmt: skip
    if alarms:
        config["AutoRollbackConfiguration"] = {"Alarms": [{"AlarmName": name} for name in alarms]}
    return config


def percent(value):
    return {"Type": "CAPACITY_PERCENT", "Value": value}


def rolling(size=ONE, alarms=(), **more):
    config = {
        "RollingUpdatePolicy": {"MaximumBatchSize": size, "WaitIntervalInSeconds": WAIT, **more}
    }
    if alarms:
        config["AutoRollbackConfiguration"] = {"Alarms": [{"AlarmName": name} for name in alarms]}
    return config


@contextmanager
def load(sagemaker, name):
    """Callers during the block. Yields the answers by VariantStatus message, and the errors."""
    answers, errors, done = Counter(), [], threading.Event()

    def call():
        while not done.is_set():
            try:
                response = sagemaker.runtime.invoke_endpoint(EndpointName=name, Body=b"x\n")
                answers[response["Body"].read().decode().strip()] += 1
            except Exception as error:
                errors.append(error)
            done.wait(0.005)

    threads = [threading.Thread(target=call) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield answers, errors
    finally:
        done.set()
        for thread in threads:
            thread.join()


def update(sagemaker, name, config, deployment, **more):
    sagemaker.api.update_endpoint(
        EndpointName=name, EndpointConfigName=config, DeploymentConfig=deployment, **more
    )


def describe(sagemaker, name):
    return sagemaker.api.describe_endpoint(EndpointName=name)


def baking(sagemaker, name, message):
    """Wait until the variants of the new config bake with a message."""

    def status():
        found = describe(sagemaker, name)
        pending = found.get("PendingDeploymentSummary", {}).get("ProductionVariants", [{}])[0]
        return pending.get("VariantStatus", [{}])[0].get("StatusMessage", found["EndpointStatus"])

    return wait(status, lambda text: message in text or text == "InService")


def share_of_new(sagemaker, name, requests=200):
    answers = [
        sagemaker.runtime.invoke_endpoint(EndpointName=name, Body=b"x\n")["Body"].read()
        for _ in range(requests)
    ]
    return answers.count(b"new\n") / requests


def test_a_linear_update_moves_the_traffic_in_steps_and_loses_no_request(sagemaker, endpoint, new):
    with load(sagemaker, endpoint) as (answers, errors):
        wait(lambda: answers["old"], lambda count: count > 20)
        # Six real seconds, in which the requests below end on a busy machine too.
        linear = deployment("LINEAR", wait=60, LinearStepSize=percent(50))
        update(sagemaker, endpoint, new, linear)
        assert "capacity of 2 instance(s)" in baking(sagemaker, endpoint, "WaitInterval")
        during = describe(sagemaker, endpoint)
        share = share_of_new(sagemaker, endpoint, 100)
        after = sagemaker.endpoint_settled(endpoint)
        enough = answers["new"] + 20
        wait(lambda: answers["new"], lambda count: count > enough)
    assert errors == []
    assert 0.3 < share < 0.7
    assert during["EndpointConfigName"] != new
    assert during["PendingDeploymentSummary"]["EndpointConfigName"] == new
    assert (after["EndpointConfigName"], after.get("FailureReason")) == (new, None)
    assert share_of_new(sagemaker, endpoint, 20) == 1


@pytest.mark.parametrize("guard", ["canary", "rolling"])
def test_an_alarm_rolls_an_update_back(sagemaker, endpoint, new, alarm, guard):
    name, set_state = alarm
    before = describe(sagemaker, endpoint)["EndpointConfigName"]
    guarded = (
        deployment("CANARY", [name], wait=600, CanarySize=ONE)
        if guard == "canary"
        else rolling(alarms=[name], RollbackMaximumBatchSize=ONE)
    )
    with load(sagemaker, endpoint) as (answers, errors):
        update(sagemaker, endpoint, new, guarded)
        assert "of 1 instance(s)" in baking(sagemaker, endpoint, "WaitInterval")
        wait(lambda: answers["new"], bool)
        set_state("ALARM")
        after = sagemaker.endpoint_settled(endpoint)
        assert share_of_new(sagemaker, endpoint, 50) == 0
    assert errors == []
    assert after["EndpointConfigName"] == before
    assert (
        f"the alarm(s) {name} of AutoRollbackConfiguration went into ALARM"
        in (after["FailureReason"])
    )
    variant = after["ProductionVariants"][0]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (4, 4)


def test_a_model_that_fails_is_rolled_back_by_the_alarm_on_its_errors(sagemaker, endpoint):
    broken = sagemaker.config(model(sagemaker, "new", status=500), count=4)
    cloudwatch = sagemaker.localaws.client("cloudwatch")
    name = sagemaker.name("errors")
    dimensions = {
        "EndpointName": endpoint, "VariantName": "variant-0", "EndpointConfigName": broken,
    }  # fmt: skip
    cloudwatch.put_metric_alarm(
        AlarmName=name, Namespace="AWS/SageMaker", MetricName="Invocation5XXErrors", Statistic="Average",
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        Period=60, EvaluationPeriods=1, Threshold=0.1, ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )  # fmt: skip
    with load(sagemaker, endpoint) as (answers, errors):
        canary = deployment("CANARY", [name], wait=3600, CanarySize=ONE)
        update(sagemaker, endpoint, broken, canary)
        after = sagemaker.endpoint_settled(endpoint)
        failed = len(errors)
        enough = answers["old"] + 50
        wait(lambda: answers["old"], lambda count: count > enough)
    assert f"the alarm(s) {name} of AutoRollbackConfiguration" in after["FailureReason"]
    # A quarter of the instances had the traffic. Nobody saw an error after the rollback.
    assert 0 < failed < 0.35 * (failed + answers["old"])
    assert len(errors) <= failed + 2
    assert all("Received server error (500)" in str(error) for error in errors)
    cloudwatch.delete_alarms(AlarmNames=[name])


def test_an_alarm_that_is_raised_already_moves_no_traffic(sagemaker, endpoint, new, alarm):
    name, set_state = alarm
    set_state("ALARM")
    with load(sagemaker, endpoint) as (answers, errors):
        update(sagemaker, endpoint, new, deployment(alarms=[name]))
        after = sagemaker.endpoint_settled(endpoint)
    assert errors == []
    assert answers["new"] == 0
    assert name in after["FailureReason"]


def test_a_rolling_update_replaces_batch_by_batch(sagemaker, endpoint, new):
    with load(sagemaker, endpoint) as (answers, errors):
        update(sagemaker, endpoint, new, rolling(percent(50)))
        baking(sagemaker, endpoint, "capacity of 4 instance(s)")
        during = describe(sagemaker, endpoint)
        after = sagemaker.endpoint_settled(endpoint)
    assert errors == []
    assert answers["old"]
    assert answers["new"]
    assert during["ProductionVariants"][0]["CurrentInstanceCount"] == 2
    assert (after["EndpointConfigName"], after.get("FailureReason")) == (new, None)


@pytest.mark.parametrize(
    ("guarded", "message"),
    [
        (deployment(alarms=["no-such-alarm"]), "no-such-alarm of AutoRollbackConfiguration do not"),
        (deployment("CANARY", CanarySize={**ONE, "Value": 3}), "CanarySize is 3 of the 4"),
        (deployment("LINEAR"), "needs LinearStepSize"),
    ],
)
def test_guards_that_cannot_work_are_refused(sagemaker, endpoint, new, guarded, message):
    with pytest.raises(ClientError, match=message) as raised:
        update(sagemaker, endpoint, new, guarded)
    assert raised.value.response["Error"]["Code"] == "ValidationException"
    assert describe(sagemaker, endpoint)["EndpointStatus"] == "InService"


def test_weights_and_capacities_of_a_running_endpoint(sagemaker):
    config = sagemaker.config(model(sagemaker, "old"), model(sagemaker, "new"), weights=(1.0, 0.0))
    name = sagemaker.endpoint(config)
    assert sagemaker.endpoint_settled(name)["EndpointStatus"] == "InService"

    def change(*wanted):
        sagemaker.api.update_endpoint_weights_and_capacities(
            EndpointName=name, DesiredWeightsAndCapacities=list(wanted)
        )
        return sagemaker.endpoint_settled(name)

    assert share_of_new(sagemaker, name, 20) == 0
    change({"VariantName": "variant-0", "DesiredWeight": 0.1})
    after = change({"VariantName": "variant-1", "DesiredWeight": 0.9, "DesiredInstanceCount": 3})
    second = after["ProductionVariants"][1]
    assert (second["CurrentWeight"], second["DesiredWeight"]) == (0.9, 0.9)
    assert (second["CurrentInstanceCount"], second["DesiredInstanceCount"]) == (3, 3)
    assert 0.8 < share_of_new(sagemaker, name) < 0.98
    processes = len(psutil.Process(sagemaker.localaws.pid).children(recursive=True))
    with load(sagemaker, name) as (_, errors):
        change({"VariantName": "variant-1", "DesiredInstanceCount": 1})
    assert errors == []
    assert len(psutil.Process(sagemaker.localaws.pid).children(recursive=True)) == processes - 2

    for wanted, message in [
        ({"VariantName": "other", "DesiredWeight": 1}, "Variant other is not one"),
        ({"VariantName": "variant-0", "DesiredInstanceCount": 0}, "must be at least 1"),
    ]:
        with pytest.raises(ClientError, match=message):
            change(wanted)

    # An update forgets these changes unless it is told to keep them.
    change({"VariantName": "variant-1", "DesiredInstanceCount": 2})
    sagemaker.api.update_endpoint(
        EndpointName=name, EndpointConfigName=config, RetainAllVariantProperties=True,
        ExcludeRetainedVariantProperties=[{"VariantPropertyType": "DesiredWeight"}],
    )  # fmt: skip
    kept = sagemaker.endpoint_settled(name)["ProductionVariants"][1]
    assert (kept["CurrentInstanceCount"], kept["CurrentWeight"]) == (2, 0.0)
    sagemaker.api.update_endpoint(EndpointName=name, EndpointConfigName=config)
    reset = sagemaker.endpoint_settled(name)["ProductionVariants"][1]
    assert (reset["CurrentInstanceCount"], reset["CurrentWeight"]) == (1, 0.0)
    sagemaker.api.delete_endpoint(EndpointName=name)
