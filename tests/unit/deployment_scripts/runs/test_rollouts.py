"""A rollout that a person follows or aborts."""

from __future__ import annotations

from typing import Any

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.runs.rollouts import Rollout
from tests.unit.deployment_scripts.fakes import FakeAws, client_error


class FakeSageMaker:
    """Answers DescribeEndpoint with one description after the other, and then the last one again."""

    def __init__(self, *descriptions: dict[str, Any]) -> None:
        self._descriptions = list(descriptions)

    def describe_endpoint(self, *, EndpointName: str) -> dict[str, Any]:  # noqa: N803
        if not self._descriptions:
            raise client_error("ValidationException")
        if len(self._descriptions) > 1:
            return {"EndpointName": EndpointName, **self._descriptions.pop(0)}
        return {"EndpointName": EndpointName, **self._descriptions[0]}


class FakeCloudWatch:
    def __init__(self, *alarms: str) -> None:
        self.alarms = alarms
        self.states: dict[str, tuple[str, str]] = {}

    def describe_alarms(self, *, AlarmNames: list[str]) -> dict[str, Any]:  # noqa: N803
        found = [{"AlarmName": name} for name in AlarmNames if name in self.alarms]
        return {"MetricAlarms": found}

    def set_alarm_state(self, **options: str) -> None:
        self.states[options["AlarmName"]] = (options["StateValue"], options["StateReason"])


def baking(message: str) -> dict[str, Any]:
    return {
        "EndpointStatus": "Updating",
        "EndpointConfigName": "old",
        "PendingDeploymentSummary": {
            "EndpointConfigName": "new",
            "ProductionVariants": [
                {"VariantStatus": [{"Status": "Baking", "StatusMessage": message}]}
            ],
        },
    }


IN_SERVICE = {"EndpointStatus": "InService", "EndpointConfigName": "old"}


def rollout(sagemaker: FakeSageMaker, cloudwatch: FakeCloudWatch, said: list[str]) -> Rollout:
    aws = FakeAws(sagemaker=sagemaker, cloudwatch=cloudwatch)
    return Rollout(aws, "zone-iris", say=said.append, sleep=lambda _: None)


def test_abort_raises_the_alarm_of_the_endpoint() -> None:
    cloudwatch = FakeCloudWatch("zone-iris-rollout-abort")
    said: list[str] = []
    one = rollout(FakeSageMaker(baking("x")), cloudwatch, said)
    assert one.abort("wrong prices") == "old"
    assert cloudwatch.states == {"zone-iris-rollout-abort": ("ALARM", "wrong prices")}
    assert said == ["endpoint zone-iris goes back from new"]


@pytest.mark.parametrize(
    ("sagemaker", "message"),
    [
        (FakeSageMaker(IN_SERVICE), "InService with old: no rollout is in progress"),
        (FakeSageMaker(baking("x")), "zone-iris-rollout-abort does not exist"),
        (FakeSageMaker(), "endpoint zone-iris does not exist"),
    ],
)
def test_what_cannot_be_aborted(sagemaker: FakeSageMaker, message: str) -> None:
    with pytest.raises(OperatorError, match=message):
        rollout(sagemaker, FakeCloudWatch(), []).abort("no")


def test_follow_prints_each_step_once() -> None:
    said: list[str] = []
    sagemaker = FakeSageMaker(baking("one"), baking("one"), baking("two"), IN_SERVICE)
    assert rollout(sagemaker, FakeCloudWatch(), said).follow(3)["EndpointConfigName"] == "old"
    assert said == [
        "zone-iris  Updating  to new  Baking  one",
        "zone-iris  Updating  to new  Baking  two",
        "zone-iris  InService",
    ]
