"""Autoscaling, a shadow variant, an A/B test and a serverless dev endpoint, through the state machine deploy.

The first tests and the last ones are one story of an endpoint under load: it scales out, gets a new version
and scales in. The minutes that the alarm of the scale-in needs pass during the others.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from landing_zone.models.comparison import compare
from landing_zone.models.comparison_page import as_text
from landing_zone.models.traffic import Traffic, variants_of
from localaws.testing import REGION, LocalAws, running
from tests.local.test_state_machines.conftest import Machines
from tests.local.test_state_machines.quick_image import (
    BROKEN,
    IMAGE,
    MODEL,
    answer_of,
    image_option,
)
from tests.local.test_state_machines.registry import ROW, Registry, wait_until

# A minute is half a second: the alarm of a scale-in needs 15 of them.
SCALE = 120
MINUTE = timedelta(minutes=1)
# Calls a minute that an instance should have.
TARGET = 5
AUTOSCALING = {
    "min": 1,
    "max": 2,
    "target_invocations": TARGET,
    "scale_in_cooldown": 60,
    "scale_out_cooldown": 60,
}
ROLLOUT = {
    "type": "LINEAR",
    "step_percent": 50,
    "wait_seconds": 60,
    "termination_seconds": 60,
    "maximum_seconds": 7200,
    "poll_seconds": 20,
    "max_error_rate": 0.01,
    "max_latency_microseconds": 30_000_000,
}
# Of 2,000 calls, 4.5 standard deviations: a right split fails once in 100,000 runs.
CALLS, TOLERANCE = 2000, 0.03


class Load:
    """A caller at a number of calls a minute, which can be changed."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(4)]
        self._lock = threading.Lock()
        self._next = time.monotonic()
        self.per_minute = 0.0
        self.calls = 0
        self.failed: list[str] = []

    def start(self, per_minute: float) -> None:
        self.per_minute = per_minute
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while True:
            with self._lock:
                self._next += 60 / SCALE / self.per_minute
                pause = self._next - time.monotonic()
            if self._stop.wait(max(0.0, pause)):
                return
            try:
                invoke(self._registry)
                self.calls += 1
            except ClientError as error:
                self.failed.append(str(error))


def invoke(registry: Registry, endpoint: str = "", **options: Any) -> str:
    answer = registry.machines.runtime.invoke_endpoint(
        EndpointName=endpoint or registry.endpoint, ContentType="text/csv", Body=ROW, **options
    )
    return str(answer["Body"].read().decode().strip())


@pytest.fixture(scope="module")
def localaws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    options = ("--time-scale", str(SCALE), *image_option(tmp_path_factory.mktemp("image")))
    with running(tmp_path_factory.mktemp("variants"), *options) as server:
        yield server


@pytest.fixture(scope="module")
def machines(localaws: LocalAws) -> Machines:
    return Machines(localaws, ROLLOUT)


@pytest.fixture
def registry(machines: Machines) -> Iterator[Registry]:
    made = Registry(machines, IMAGE)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def scaled(machines: Machines) -> Iterator[Registry]:
    """An endpoint that scales by itself."""
    made = Registry(machines, IMAGE)
    made.register(MODEL, autoscaling=AUTOSCALING)
    made.deploy()
    yield made
    made.remove()


@pytest.fixture(scope="module")
def load(scaled: Registry) -> Iterator[Load]:
    made = Load(scaled)
    made.start(0.8 * TARGET)
    yield made
    made.stop()


def instances(registry: Registry) -> int:
    """How many instances serve; 0 while the endpoint changes."""
    found = registry.describe()
    if found["EndpointStatus"] != "InService":
        return 0
    return int(found["ProductionVariants"][0]["CurrentInstanceCount"])


def activities(registry: Registry) -> list[dict[str, Any]]:
    """What autoscaling has done, the latest first."""
    found: list[dict[str, Any]] = registry.machines.client(
        "application-autoscaling"
    ).describe_scaling_activities(
        ServiceNamespace="sagemaker", ResourceId=f"endpoint/{registry.endpoint}/variant/AllTraffic"
    )["ScalingActivities"]
    return found


def minutes(registry: Registry) -> list[tuple[datetime, float]]:
    """The calls per instance of each minute."""
    now = datetime.now(UTC)
    found = registry.machines.cloudwatch.get_metric_statistics(
        Namespace="AWS/SageMaker", MetricName="InvocationsPerInstance", Statistics=["Sum"], Period=60,
        Dimensions=[
            {"Name": "EndpointName", "Value": registry.endpoint},
            {"Name": "VariantName", "Value": "AllTraffic"},
        ],
        StartTime=now, EndTime=now + timedelta(hours=20),
    )  # fmt: skip
    return sorted((point["Timestamp"], point["Sum"]) for point in found["Datapoints"])


def breached(
    points: list[tuple[datetime, float]], periods: int, breaches: Callable[[float], bool]
) -> datetime:
    """The end of the first data points in succession that are as many as an alarm needs."""
    run = 0
    for at, value in points:
        run = run + 1 if breaches(value) else 0
        if run == periods:
            return at + MINUTE
    raise AssertionError(f"no {periods} minutes in succession: {points}")


def test_the_instances_follow_a_doubled_load(scaled: Registry, load: Load) -> None:
    wait_until("the first calls", lambda: load.calls >= 2 * TARGET)
    assert (instances(scaled), activities(scaled)) == (1, [])

    load.per_minute *= 2
    wait_until("a second instance", lambda: instances(scaled) == 2)

    [activity] = activities(scaled)
    assert activity["Description"] == "Setting desired instance count to 2."
    assert "AlarmHigh" in activity["Cause"]
    # Three minutes, and the time that a busy machine takes to look at an alarm.
    due = breached(minutes(scaled), 3, lambda value: value > TARGET)
    assert due <= activity["StartTime"] <= due + 10 * MINUTE


def test_a_rollout_keeps_the_scaled_instances(scaled: Registry, load: Load) -> None:
    second = scaled.register(MODEL, autoscaling=AUTOSCALING)
    output = scaled.deploy()

    assert output["ModelPackageArn"] == scaled.live() == second
    config = scaled.machines.sagemaker.describe_endpoint_config(
        EndpointConfigName=output["EndpointConfigName"]
    )
    assert config["ProductionVariants"][0]["InitialInstanceCount"] == 1
    assert instances(scaled) == 2
    assert invoke(scaled) == answer_of(scaled.run_of(second))
    assert load.failed == []


def test_a_shadow_gets_copies_that_no_caller_sees(registry: Registry) -> None:
    """Its model answers with errors, and the comparison of the variants says so."""
    shadow = {"version": "previous", "weight": 1.0}
    registry.register(BROKEN)
    second = registry.register(MODEL, shadow=shadow)
    output = registry.deploy()

    run = registry.run_of(second)
    assert output["ModelPackageArn"] == second
    assert {invoke(registry) for _ in range(20)} == {answer_of(run)}
    with pytest.raises(ClientError, match="Variant Shadow not found"):
        invoke(registry, TargetVariant="Shadow")
    machines, until = registry.machines, datetime.now(UTC) + timedelta(days=2)
    variants = variants_of(Traffic(machines, registry.endpoint).describe())

    def compared() -> list[Any]:
        found = compare(machines, registry.endpoint, variants, until, 3 * 24 * 60)
        return found if found[1].requests == 20 else []

    live, copy = wait_until("the shadow has its copies", compared)
    assert (live.variant, live.shadow, live.requests, live.errors_5xx) == (
        "AllTraffic",
        False,
        20,
        0,
    )
    assert (copy.variant, copy.shadow, copy.errors_5xx) == ("Shadow", True, 20)
    assert "Shadow" in as_text(registry.endpoint, [live, copy])


def test_an_ab_test_splits_the_calls_by_weight(registry: Registry) -> None:
    """A connection each for a few threads: boto3 would take most of the time."""
    registry.register(MODEL)
    second = registry.register(MODEL, challenger={"version": "previous", "weight": 0.1})
    assert registry.deploy()["ModelPackageArn"] == second

    answers = {
        name: {invoke(registry, TargetVariant=name) for _ in range(10)} for name in ("A", "B")
    }
    a, b = (answer_of(registry.run_of(package)) for package in registry.packages)
    assert answers == {"A": {a}, "B": {b}}
    with ThreadPoolExecutor(4) as threads:
        parts = list(threads.map(lambda _: shares(registry, CALLS // 4), range(4)))
    counts = sum(parts, Counter())
    assert counts.total() == CALLS
    assert abs(counts["B"] / CALLS - 0.1) < TOLERANCE, counts


def shares(registry: Registry, calls: int) -> Counter[str]:
    """The variants that answer so many calls on one connection."""
    url = registry.machines.runtime.meta.endpoint_url
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    path = f"/endpoints/{registry.endpoint}/invocations"
    headers = signed_headers(f"{url}{path}")
    found: Counter[str] = Counter()
    for _ in range(calls):
        connection.request("POST", path, ROW, headers)
        answer = connection.getresponse()
        answer.read()
        found[answer.headers["x-Amzn-Invoked-Production-Variant"]] += 1
    connection.close()
    return found


def signed_headers(url: str) -> dict[str, str]:
    request = AWSRequest("POST", url, data=ROW, headers={"Content-Type": "text/csv"})
    SigV4Auth(Credentials("test", "test"), "sagemaker", REGION).add_auth(request)
    return dict(request.headers.items())


def test_a_serverless_dev_endpoint_is_created_and_tested(registry: Registry) -> None:
    machines = registry.machines
    test = {"requests": 20, "rate": 20, "max_error_rate": 0, "max_p99_milliseconds": 20_000}
    dev = {
        "enabled": True,
        "serverless": {"memory_mb": 2048, "max_concurrency": 20},
        "test": test,
    }
    version = registry.register(MODEL, status="PendingManualApproval", dev=dev)
    run = registry.run_of(version)
    machines.put(f"{run}/preprocessing/test/test.csv", "a,y,b\n1,2,3\n4,5,6\n")
    endpoint = f"{registry.endpoint}-dev"
    try:
        output = registry.deploy(Target="dev", RunId=run)
        assert (output["Action"], output["EndpointName"]) == ("created", endpoint)
        assert output["Test"]["Passed"], output["Test"]
        [variant] = machines.sagemaker.describe_endpoint(EndpointName=endpoint)[
            "ProductionVariants"
        ]
        assert variant["CurrentServerlessConfig"] == {"MemorySizeInMB": 2048, "MaxConcurrency": 20}
        assert invoke(registry, endpoint) == answer_of(run)
        # Started again, it has nothing to do but the test.
        assert registry.deploy(Target="dev", RunId=run)["Action"] == "none"
    finally:
        machines.sagemaker.delete_endpoint(EndpointName=endpoint)


def test_the_instances_come_back_when_the_load_halves(scaled: Registry, load: Load) -> None:
    load.per_minute /= 2
    wait_until("one instance", lambda: instances(scaled) == 1)

    activity = activities(scaled)[0]
    assert activity["Description"] == "Setting desired instance count to 1."
    assert "AlarmLow" in activity["Cause"]
    points = [(at, value) for at, value in minutes(scaled) if at < activity["StartTime"]]
    high = max(at for at, value in points if value > TARGET)
    low = [(at, value) for at, value in points if at > high]
    assert breached(low, 15, lambda value: value < 0.9 * TARGET) <= activity["StartTime"]
    assert load.failed == []


def test_settings_without_autoscaling_remove_it(scaled: Registry) -> None:
    scaled.register(MODEL)
    scaled.deploy()
    scaling = scaled.machines.client("application-autoscaling")
    left = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    alarms = scaled.machines.cloudwatch.describe_alarms(AlarmNamePrefix="TargetTracking-")
    assert (left, alarms["MetricAlarms"]) == ([], [])
