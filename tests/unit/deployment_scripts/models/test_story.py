"""The stories of `make local SCENARIO=...`, on an endpoint that changes at once."""

from __future__ import annotations

import io
import itertools
from datetime import datetime
from typing import Any

from landing_zone.models.story import Story
from tests.unit.deployment_scripts.fakes import FakeAws
from tests.unit.deployment_scripts.models.fakes import FakeSageMaker

SERVED = "zone-development-iris"


class StorySageMaker(FakeSageMaker):
    """An update lasts until the alarm of the abort is raised, and then has been rolled back."""

    def create_endpoint_config(self, **request: Any) -> None:
        self.configs[request["EndpointConfigName"]] = {**request, "CreationTime": datetime.min}

    def create_endpoint(self, *, EndpointName: str, EndpointConfigName: str) -> None:  # noqa: N803
        variants = self.configs[EndpointConfigName]["ProductionVariants"]
        self.endpoints[EndpointName] = {
            "EndpointName": EndpointName,
            "EndpointConfigName": EndpointConfigName,
            "EndpointStatus": "InService",
            "ProductionVariants": [
                {
                    "VariantName": item["VariantName"],
                    "CurrentWeight": item["InitialVariantWeight"],
                    "CurrentInstanceCount": item["InitialInstanceCount"],
                }
                for item in variants
            ],
        }

    def update_endpoint(self, **request: Any) -> None:
        self.endpoints[request["EndpointName"]]["EndpointStatus"] = "Updating"

    def list_endpoints(self, *, NameContains: str) -> dict[str, Any]:  # noqa: N803
        return {"Endpoints": [{"EndpointName": n} for n in self.endpoints if NameContains in n]}

    def delete_endpoint(self, *, EndpointName: str) -> None:  # noqa: N803
        del self.endpoints[EndpointName]

    def delete_endpoint_config(self, *, EndpointConfigName: str) -> None:  # noqa: N803
        del self.configs[EndpointConfigName]


class Runtime:
    """Answers by the weights of the endpoint, exactly."""

    def __init__(self, sagemaker: StorySageMaker) -> None:
        self._sagemaker = sagemaker
        self._calls = itertools.count()

    def invoke_endpoint(self, *, EndpointName: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        variants = self._sagemaker.endpoints[EndpointName]["ProductionVariants"]
        place = next(self._calls) % 100 / 100
        chosen = variants[0] if place < variants[0]["CurrentWeight"] else variants[-1]
        return {"Body": io.BytesIO(b"x"), "InvokedProductionVariant": chosen["VariantName"]}


class CloudWatch:
    """The new configuration gets two thirds of the calls, until the alarm is raised."""

    def __init__(self, sagemaker: StorySageMaker) -> None:
        self._sagemaker = sagemaker
        self._sums = {"-1": 0.0, "-2": 0.0}
        self.alarms: list[str] = []

    def put_metric_alarm(self, **request: Any) -> None:
        self.alarms.append(request["AlarmName"])

    def describe_alarms(self, **_: Any) -> dict[str, Any]:
        return {"MetricAlarms": [{"AlarmName": name} for name in self.alarms]}

    def set_alarm_state(self, **request: Any) -> None:
        if request["StateValue"] == "ALARM":
            self._sagemaker.endpoints[f"{SERVED}-story"]["EndpointStatus"] = "InService"

    def delete_alarms(self, *, AlarmNames: list[str]) -> None:  # noqa: N803
        self.alarms = [name for name in self.alarms if name not in AlarmNames]

    def get_metric_statistics(self, **request: Any) -> dict[str, Any]:
        suffix = request["Dimensions"][2]["Value"][-2:]
        self._sums[suffix] += 10 if suffix == "-1" else 20
        return {"Datapoints": [{"Sum": self._sums[suffix]}]}


def story(said: list[str]) -> tuple[Story, StorySageMaker, CloudWatch]:
    sagemaker = StorySageMaker()
    sagemaker.serve(SERVED, "iris-1-abc", 1, 1)
    sagemaker.configs["iris-1-abc"]["ProductionVariants"][0]["InstanceType"] = "ml.m5.large"
    cloudwatch = CloudWatch(sagemaker)
    aws = FakeAws(sagemaker=sagemaker, cloudwatch=cloudwatch, sagemaker_runtime=Runtime(sagemaker))
    return Story(aws, SERVED, b"1\n", say=said.append, sleep=lambda _: None), sagemaker, cloudwatch


def test_the_rollout_is_drawn_and_aborted_and_nothing_remains() -> None:
    said: list[str] = []
    told, sagemaker, cloudwatch = story(said)
    told.rollout()
    told.remove()

    assert [line for line in said if " 67% of 30 calls" in line]
    assert f"serves {SERVED}-story-1 again" in said[-1]
    assert said[-1].endswith(" 0 failed")
    assert (list(sagemaker.endpoints), list(sagemaker.configs)) == ([SERVED], ["iris-1-abc"])
    assert cloudwatch.alarms == []


def test_the_shares_of_an_a_b_test_are_counted() -> None:
    said: list[str] = []
    told, sagemaker, _ = story(said)
    told.ab()
    told.remove()

    shares = [
        line.split("%")[0].split()[-1] for text in said for line in text.splitlines() if "%" in line
    ]
    assert shares == ["90.0", "10.0", "50.0", "50.0", "0.0", "100.0"]
    assert list(sagemaker.endpoints) == [SERVED]
