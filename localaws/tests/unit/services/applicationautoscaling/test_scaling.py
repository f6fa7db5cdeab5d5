"""A variant that is scaled: CloudWatch and the engine are real, the endpoint is a fake with a load."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from localaws.core.clock import Clock
from localaws.core.errors import AwsError
from localaws.core.shared import SharedObjects
from localaws.services.applicationautoscaling.provider import AutoScalingProvider
from localaws.services.cloudwatch.provider import CloudWatchProvider
from localaws.services.cloudwatch.store import MetricId, MetricStore

RESOURCE = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/e/variant/v",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
TRACKING = {
    "TargetValue": 100.0,
    "PredefinedMetricSpecification": {
        "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
    },
}
METRIC = MetricId.of(
    "AWS/SageMaker", "InvocationsPerInstance", {"EndpointName": "e", "VariantName": "v"}
)


class FakeEndpoint:
    """An endpoint that is InService again some time after each change."""

    def __init__(self, clock, count):
        self._clock = clock
        self.count = count
        self.changes = [count]
        self.ready_at = 0.0
        self.refuses = False

    def describe_endpoint(self, EndpointName):  # noqa: N803
        if EndpointName != "e":
            error = {"Error": {"Code": "ValidationException", "Message": "no such endpoint"}}
            raise ClientError(error, "DescribeEndpoint")
        ready = self._clock.monotonic() >= self.ready_at
        variant = {"VariantName": "v", "CurrentInstanceCount": self.count}
        return {
            "EndpointStatus": "InService" if ready else "Updating",
            "ProductionVariants": [variant | {"DesiredInstanceCount": self.count}],
        }

    def update_endpoint_weights_and_capacities(self, EndpointName, DesiredWeightsAndCapacities):  # noqa: N803
        if self.refuses:
            error = {"Error": {"Code": "ValidationException", "Message": "not now"}}
            raise ClientError(error, "UpdateEndpointWeightsAndCapacities")
        assert EndpointName == "e"
        (change,) = DesiredWeightsAndCapacities
        assert change["VariantName"] == "v"
        self.count = change["DesiredInstanceCount"]
        self.changes.append(self.count)
        self.ready_at = self._clock.monotonic() + 90


class Operations:
    """A provider as a client: boto3's method names and keyword arguments."""

    def __init__(self, provider):
        self._provider = provider

    def __getattr__(self, name):
        return lambda **params: self._provider.operation(name)(params)


class FakeContext:
    account_id, region, partition = "123456789012", "eu-west-1", "aws"

    def __init__(self, scale, count):
        self.clock = Clock(scale)
        self._objects = SharedObjects()
        self.endpoint = FakeEndpoint(self.clock, count)
        self.cloudwatch = CloudWatchProvider(self)
        self.clients = {"sagemaker": self.endpoint, "cloudwatch": Operations(self.cloudwatch)}

    def shared(self, kind):
        return self._objects.get(kind, self.account_id, self.region)

    def client(self, service, role_arn=None):
        return self.clients[service]

    def arn(self, service, resource):
        return f"arn:aws:{service}:{self.region}:{self.account_id}:{resource}"

    def publish(self, *_event):
        pass


@pytest.fixture
def scaled():
    """A scalable target with 2 to 10 instances, and a load (requests in a minute) that a test sets."""
    context = FakeContext(600, 2)
    provider = AutoScalingProvider(context)
    stopping = threading.Event()
    load = SimpleNamespace(requests=0.0)

    def send():
        while not stopping.wait(context.clock.real_seconds(5)):
            if load.requests:
                value = load.requests / 12 / context.endpoint.count
                context.shared(MetricStore).add(METRIC, context.clock.now(), value)

    sender = threading.Thread(target=send)
    sender.start()
    yield SimpleNamespace(
        aws=Operations(provider), endpoint=context.endpoint, load=load, context=context,
        alarms=Operations(context.cloudwatch),
    )  # fmt: skip
    stopping.set()
    sender.join()
    provider.close()
    context.cloudwatch.close()


def until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def register(scaled, **more):
    scaled.aws.register_scalable_target(**RESOURCE, MinCapacity=2, MaxCapacity=10, **more)


def test_instances_follow_the_load_up_and_down(scaled):
    register(scaled)
    scaled.aws.put_scaling_policy(
        **RESOURCE, PolicyName="track", PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=TRACKING,
    )  # fmt: skip
    scaled.load.requests = 390.0
    # 390 requests a minute need four instances. The first minute may have had fewer requests.
    until(lambda: scaled.endpoint.count in {4, 5})
    scaled.load.requests = 100.0
    until(lambda: scaled.endpoint.count == 2)
    until(
        lambda: (
            {
                a["StatusCode"]
                for a in scaled.aws.describe_scaling_activities(**RESOURCE)["ScalingActivities"]
            }
            == {"Successful"}
        )
    )
    activities = scaled.aws.describe_scaling_activities(**RESOURCE)["ScalingActivities"]
    assert activities[0]["Description"] == "Setting desired instance count to 2."
    assert "AlarmLow" in activities[0]["Cause"]
    assert "AlarmHigh" in activities[-1]["Cause"]


def test_the_two_alarms_have_the_names_of_aws_and_end_with_the_policy(scaled):
    register(scaled)
    answer = scaled.aws.put_scaling_policy(
        **RESOURCE, PolicyName="track", PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=TRACKING,
    )  # fmt: skip
    prefix = "TargetTracking-endpoint/e/variant/v-Alarm"
    found = scaled.alarms.describe_alarms(AlarmNamePrefix=prefix)["MetricAlarms"]
    assert {a["AlarmName"] for a in found} == {a["AlarmName"] for a in answer["Alarms"]}
    sides = {a["AlarmName"].removeprefix(prefix).split("-")[0]: a for a in found}
    high, low = sides["High"], sides["Low"]
    assert (high["Threshold"], high["EvaluationPeriods"], high["Period"]) == (100, 3, 60)
    assert (low["Threshold"], low["EvaluationPeriods"], low["Period"]) == (90, 15, 60)
    assert high["AlarmActions"] == [answer["PolicyARN"]]
    scaled.aws.delete_scaling_policy(**RESOURCE, PolicyName="track")
    assert scaled.alarms.describe_alarms(AlarmNamePrefix=prefix)["MetricAlarms"] == []


def test_a_step_policy_is_run_by_its_alarm(scaled):
    register(scaled)
    arn = scaled.aws.put_scaling_policy(
        **RESOURCE, PolicyName="step", PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity", "Cooldown": 600,
            "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 3}],
        },
    )["PolicyARN"]  # fmt: skip
    scaled.alarms.put_metric_alarm(
        AlarmName="busy", Namespace=METRIC.namespace, MetricName=METRIC.name, Statistic="Sum", Period=60,
        EvaluationPeriods=1, Threshold=10.0, ComparisonOperator="GreaterThanThreshold", AlarmActions=[arn],
        Dimensions=[{"Name": "EndpointName", "Value": "e"}, {"Name": "VariantName", "Value": "v"}],
    )  # fmt: skip
    scaled.load.requests = 600.0
    until(lambda: scaled.endpoint.count == 5)
    first = scaled.context.clock.monotonic()
    until(lambda: scaled.context.clock.monotonic() - first > 240)
    assert scaled.endpoint.changes == [2, 5], "the cooldown holds"


def test_a_scheduled_action_moves_the_bounds(scaled):
    register(scaled)
    scaled.aws.put_scheduled_action(
        **RESOURCE, ScheduledActionName="morning", Schedule="rate(5 minutes)",
        ScalableTargetAction={"MinCapacity": 4, "MaxCapacity": 8},
    )  # fmt: skip
    until(lambda: scaled.endpoint.count == 4)
    (target,) = scaled.aws.describe_scalable_targets(ServiceNamespace="sagemaker")[
        "ScalableTargets"
    ]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (4, 8)
    scaled.aws.delete_scheduled_action(**RESOURCE, ScheduledActionName="morning")
    assert (
        scaled.aws.describe_scheduled_actions(ServiceNamespace="sagemaker")["ScheduledActions"]
        == []
    )


def test_an_activity_says_why_it_failed(scaled):
    scaled.endpoint.refuses = True
    scaled.aws.register_scalable_target(**RESOURCE, MinCapacity=3, MaxCapacity=10)
    activities = scaled.aws.describe_scaling_activities
    until(lambda: activities(ServiceNamespace="sagemaker")["ScalingActivities"])
    (activity,) = activities(ServiceNamespace="sagemaker")["ScalingActivities"]
    assert activity["StatusCode"] == "Failed"
    assert "not now" in activity["StatusMessage"]


def test_suspended_scaling_does_not_happen(scaled):
    register(scaled, SuspendedState={"ScheduledScalingSuspended": True})
    scaled.aws.put_scheduled_action(
        **RESOURCE, ScheduledActionName="a", Schedule="rate(1 minute)",
        ScalableTargetAction={"MinCapacity": 4},
    )  # fmt: skip
    begun = scaled.context.clock.monotonic()
    until(lambda: scaled.context.clock.monotonic() - begun > 150)
    assert scaled.endpoint.changes == [2]


def test_what_is_refused(scaled):
    for change, words in (
        ({"ResourceId": "endpoint/other/variant/v"}, "does not exist"),
        ({"ResourceId": "endpoint/e"}, "must have the form"),
        ({"MinCapacity": 11}, "must not be greater"),
        ({"ServiceNamespace": "ecs"}, "localaws does not scale ecs"),
    ):
        request = {**RESOURCE, "MinCapacity": 2, "MaxCapacity": 10, **change}
        with pytest.raises(AwsError, match=words) as refused:
            scaled.aws.register_scalable_target(**request)
        assert refused.value.code == "ValidationException"
    with pytest.raises(AwsError) as refused:
        scaled.aws.deregister_scalable_target(**RESOURCE)
    assert refused.value.code == "ObjectNotFoundException"
