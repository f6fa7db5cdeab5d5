"""In which steps the traffic moves."""

import pytest

from localaws.core.errors import AwsError
from localaws.services.sagemaker.endpoints.deployment import Kind, read_policy


def blue_green(kind, *, wait=60, termination=120, **more):
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {
                "Type": kind, "WaitIntervalInSeconds": wait, **more,
            },
            "TerminationWaitInSeconds": termination,
        }
    }  # fmt: skip


def percent(value):
    return {"Type": "CAPACITY_PERCENT", "Value": value}


def count(value):
    return {"Type": "INSTANCE_COUNT", "Value": value}


def rolling(size, **more):
    return {"RollingUpdatePolicy": {"MaximumBatchSize": size, "WaitIntervalInSeconds": 60, **more}}


def shares(policy, instances):
    return [(round(step.share, 3), step.wait_seconds) for step in policy.steps(instances)]


@pytest.mark.parametrize(
    ("deployment", "instances", "expected"),
    [
        (None, {"a": 2}, [(1.0, 0)]),
        (blue_green("ALL_AT_ONCE"), {"a": 2}, [(1.0, 120)]),
        (blue_green("CANARY", CanarySize=count(1)), {"a": 4}, [(0.25, 60), (1.0, 120)]),
        (blue_green("CANARY", CanarySize=percent(30)), {"a": 10}, [(0.3, 60), (1.0, 120)]),
        (
            blue_green("LINEAR", LinearStepSize=percent(33)),
            {"a": 3},
            [(0.333, 60), (0.667, 60), (1.0, 120)],
        ),
        (
            blue_green("LINEAR", LinearStepSize=percent(20)),
            {"a": 5},
            [(0.2, 60), (0.4, 60), (0.6, 60), (0.8, 60), (1.0, 120)],
        ),
        (
            blue_green("LINEAR", LinearStepSize=percent(50)),
            {"a": 4, "b": 2},
            [(0.5, 60), (1.0, 120)],
        ),
        (rolling(count(2)), {"a": 5}, [(0.4, 60), (0.8, 60), (1.0, 60)]),
    ],
)
def test_steps(deployment, instances, expected):
    policy = read_policy(deployment)
    policy.check_capacity(instances)
    assert shares(policy, instances) == expected


def test_the_message_of_a_wait_names_the_setting_and_the_capacity():
    steps = read_policy(blue_green("CANARY", CanarySize=count(1))).steps({"a": 2})
    assert [step.message for step in steps] == [
        "Baking for 60 seconds (WaitIntervalInSeconds) with traffic enabled on canary capacity of "
        "1 instance(s).",
        "Baking for 120 seconds (TerminationWaitInSeconds) with traffic enabled on full capacity of "
        "2 instance(s).",
    ]


@pytest.mark.parametrize(
    ("deployment", "message"),
    [
        (blue_green("CANARY"), "needs CanarySize"),
        (blue_green("CANARY", CanarySize=percent(51)), "from 1 to 50 percent"),
        (blue_green("LINEAR", LinearStepSize=percent(9)), "from 10 to 50 percent"),
        (blue_green("LINEAR", CanarySize=percent(10)), "belongs to the type CANARY"),
        (rolling(percent(60)), "from 5 to 50 percent"),
        ({**rolling(count(1)), **blue_green("ALL_AT_ONCE")}, "has both"),
        (
            rolling(count(1), MaximumExecutionTimeoutInSeconds=60),
            "must be greater than the waits of the deployment, 60 seconds",
        ),
    ],
)
def test_policies_that_are_refused(deployment, message):
    with pytest.raises(AwsError, match=message):
        read_policy(deployment)


@pytest.mark.parametrize(
    ("deployment", "instances", "message"),
    [
        (blue_green("CANARY", CanarySize=count(1)), {"a": 1}, "CanarySize is 1 of the 1 instance"),
        (blue_green("CANARY", CanarySize=count(3)), {"a": 4}, "CanarySize is 3 of the 4 instance"),
        (blue_green("LINEAR", LinearStepSize=count(1)), {"a": 11}, "from 10 to 50 percent"),
        (rolling(count(1)), {"a": 2, "b": 2}, "has 2: a, b"),
    ],
)
def test_sizes_that_do_not_fit_the_fleet(deployment, instances, message):
    with pytest.raises(AwsError, match=message):
        read_policy(deployment).check_capacity(instances)


def test_the_alarms_and_the_longest_time():
    policy = read_policy(
        blue_green("ALL_AT_ONCE")
        | {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "x"}, {"AlarmName": "y"}]}}
    )
    assert (policy.kind, policy.alarms, policy.maximum_seconds) == (
        Kind.ALL_AT_ONCE,
        ("x", "y"),
        28800,
    )
