"""Two stories on an endpoint of their own: a rollout that is aborted, and an A/B test with a promotion."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from landing_zone.core.aws import Clients
from landing_zone.core.errors import OperatorError
from landing_zone.models.comparison import NAMESPACE
from landing_zone.models.traffic import Traffic, Variant, bar, bars, variants_of
from landing_zone.runs.rollouts import ABORT, Rollout

INSTANCES = 3
# A third of the instances at a time.
STEP_PERCENT = 33
WAIT_SECONDS = 8
_PAUSE = 0.4
_CALLS = 400
# A share of fewer says nothing.
_FEWEST_CALLS = 5


class Client:
    """A caller in the background: counts answers by variant, and errors."""

    def __init__(self, invoke: Callable[[], str]) -> None:
        self._invoke = invoke
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._call, daemon=True)
        self.answers: Counter[str] = Counter()
        self.failed = 0

    def __enter__(self) -> Client:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _call(self) -> None:
        while not self._done.wait(0.02):
            try:
                self.answers[self._invoke()] += 1
            except (BotoCoreError, ClientError):
                self.failed += 1


class Story:
    """An endpoint beside that of the use case, with the model that it serves.

    Args:
        aws: makes the clients.
        served: the endpoint of the use case.
        row: what the caller sends.
        say: prints a line.
        sleep: waits some seconds.
    """

    def __init__(
        self,
        aws: Clients,
        served: str,
        row: bytes,
        *,
        say: Callable[[str], None] = print,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._aws = aws
        self._api = aws.client("sagemaker")
        self._cloudwatch = aws.client("cloudwatch")
        self._runtime = aws.client("sagemaker-runtime")
        self._served = served
        self.endpoint = f"{served}-story"
        self._row = row
        self._say = say
        self._sleep = sleep
        self._configs: list[str] = []

    def rollout(self) -> None:
        """A second configuration is rolled out while a client calls, and the rollout is aborted."""
        one = self._config("1", {"AllTraffic": 1.0}, INSTANCES)
        two = self._config("2", {"AllTraffic": 1.0}, INSTANCES)
        self._create(one)
        alarm = f"{self.endpoint}{ABORT}"
        self._cloudwatch.put_metric_alarm(
            AlarmName=alarm, Namespace="landing-zone-story", MetricName="AbortRollout", Statistic="Sum",
            Period=60, EvaluationPeriods=1, Threshold=0, ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="ignore",
        )  # fmt: skip
        self._cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="It begins.")
        with Client(self._invoke) as client:
            self._say(f"\n{two} is rolled out, {STEP_PERCENT} % of the instances at a time:")
            self._update(two, alarm)
            self._watch(one, two, until=0.6)
            started = time.monotonic()
            Rollout(self._aws, self.endpoint, say=self._say, sleep=self._sleep).abort("a story")
            self._watch(one, two, until=2.0)
            took = time.monotonic() - started
        found = self._settled()
        self._say(
            f"{self.endpoint} serves {found['EndpointConfigName']} again, {took:.1f} s after the abort: "
            f"{sum(client.answers.values())} calls, {client.failed} failed"
        )
        self._cloudwatch.delete_alarms(AlarmNames=[alarm])

    def ab(self) -> None:
        """Two variants share the traffic, the shares change, and B is promoted."""
        self._create(self._config("ab", {"A": 0.9, "B": 0.1}, 1))
        traffic = Traffic(self._aws, self.endpoint, say=self._say, sleep=self._sleep)
        self._count("A/B, 90 to 10", traffic)
        for title, weights in (
            ("set_traffic.py --variant A=0.5 --variant B=0.5", {"A": 0.5, "B": 0.5}),
            ("set_traffic.py --promote B", {"A": 0.0, "B": 1.0}),
        ):
            traffic.set(weights, _PAUSE)
            self._count(title, traffic)

    def remove(self) -> None:
        """Delete what the story has made."""
        names = [
            item["EndpointName"]
            for item in self._api.list_endpoints(NameContains=self.endpoint)["Endpoints"]
        ]
        if self.endpoint in names:
            self._settled()
            self._api.delete_endpoint(EndpointName=self.endpoint)
        for name in self._configs:
            self._api.delete_endpoint_config(EndpointConfigName=name)

    def _config(self, suffix: str, weights: Mapping[str, float], count: int) -> str:
        served = self._api.describe_endpoint(EndpointName=self._served)["EndpointConfigName"]
        variant = self._api.describe_endpoint_config(EndpointConfigName=served)[
            "ProductionVariants"
        ][0]
        name = f"{self.endpoint}-{suffix}"
        self._api.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[
                {
                    "VariantName": key,
                    "ModelName": variant["ModelName"],
                    "InstanceType": variant["InstanceType"],
                    "InitialInstanceCount": count,
                    "InitialVariantWeight": weight,
                }
                for key, weight in weights.items()
            ],
        )
        self._configs.append(name)
        return name

    def _create(self, config: str) -> None:
        self._say(f"endpoint {self.endpoint} is created with {config} ...")
        self._api.create_endpoint(EndpointName=self.endpoint, EndpointConfigName=config)
        self._settled()

    def _settled(self) -> dict[str, Any]:
        while True:
            found: dict[str, Any] = self._api.describe_endpoint(EndpointName=self.endpoint)
            if found["EndpointStatus"] == "InService":
                return found
            if found["EndpointStatus"] == "Failed":
                raise OperatorError(f"{self.endpoint} has failed: {found.get('FailureReason')}")
            self._sleep(_PAUSE)

    def _update(self, config: str, alarm: str) -> None:
        self._api.update_endpoint(
            EndpointName=self.endpoint,
            EndpointConfigName=config,
            DeploymentConfig={
                "BlueGreenUpdatePolicy": {
                    "TrafficRoutingConfiguration": {
                        "Type": "LINEAR",
                        "WaitIntervalInSeconds": WAIT_SECONDS,
                        "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": STEP_PERCENT},
                    },
                    "TerminationWaitInSeconds": WAIT_SECONDS,
                },
                "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm}]},
            },
        )

    def _watch(self, old: str, new: str, until: float) -> None:
        """Draw the share of the new configuration until it is that large, or the update has ended."""
        before = {name: self._invocations(name) for name in (old, new)}
        last = -1.0
        while (
            self._api.describe_endpoint(EndpointName=self.endpoint)["EndpointStatus"] == "Updating"
        ):
            self._sleep(2)
            now = {name: self._invocations(name) for name in (old, new)}
            counts = {name: now[name] - before[name] for name in now}
            total = sum(counts.values())
            if total < _FEWEST_CALLS:
                continue
            before = now
            share = counts[new] / total
            if share == last == 0.0:
                continue  # its instances are starting
            last = share
            clock = f"{datetime.now().astimezone():%H:%M:%S}"
            self._say(f"  {clock}  new {bar(share)} {share:4.0%} of {total:.0f} calls")
            if share >= until:
                return

    def _invocations(self, config: str) -> float:
        """The calls that a configuration has answered, by the metric that SageMaker publishes of it."""
        end = datetime.now(UTC) + timedelta(minutes=1)
        found = self._cloudwatch.get_metric_statistics(
            Namespace=NAMESPACE,
            MetricName="Invocations",
            Dimensions=[
                {"Name": "EndpointName", "Value": self.endpoint},
                {"Name": "VariantName", "Value": "AllTraffic"},
                {"Name": "EndpointConfigName", "Value": config},
            ],
            StartTime=end - timedelta(minutes=60),
            EndTime=end,
            Period=60,
            Statistics=["Sum"],
        )
        return float(sum(point["Sum"] for point in found["Datapoints"]))

    def _count(self, title: str, traffic: Traffic) -> None:
        counts = Counter(self._invoke() for _ in range(_CALLS))
        known = variants_of(traffic.describe())
        self._say(f"\n{title}: {_CALLS} calls")
        shown = [
            Variant(item.name, item.weight, counts[item.name] / _CALLS, item.instances)
            for item in known
        ]
        self._say(bars(shown))

    def _invoke(self) -> str:
        answer = self._runtime.invoke_endpoint(
            EndpointName=self.endpoint, ContentType="text/csv", Body=self._row
        )
        answer["Body"].read()
        return str(answer.get("InvokedProductionVariant", ""))
