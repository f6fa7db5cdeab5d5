"""Which endpoints count as idle, and what is published."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from find_idle_endpoints.service import find_idle_endpoints

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
PREFIX = "ml-core-development"


class FakeSageMaker:
    """Endpoints in service by name: their age in hours and their variants."""

    def __init__(self, **endpoints: tuple[int, list[dict[str, Any]]]) -> None:
        self.endpoints = {name.replace("_", "-"): value for name, value in endpoints.items()}

    def get_paginator(self, operation: str) -> FakeSageMaker:
        assert operation == "list_endpoints"
        return self

    def paginate(
        self,
        *,
        NameContains: str,  # noqa: N803
        StatusEquals: str,  # noqa: N803
        CreationTimeBefore: datetime,  # noqa: N803
    ) -> list[dict[str, Any]]:
        assert (NameContains, StatusEquals) == (PREFIX, "InService")
        names = [
            name
            for name, (hours, _) in self.endpoints.items()
            if NOW - timedelta(hours=hours) < CreationTimeBefore and NameContains in name
        ]
        # One on each page.
        return [{"Endpoints": [{"EndpointName": name}]} for name in names]

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:  # noqa: N803
        return {"ProductionVariants": self.endpoints[EndpointName][1]}


class FakeCloudWatch:
    """Invocations by endpoint and variant."""

    def __init__(self, **calls: list[float]) -> None:
        self.calls = {name.replace("_", "-"): values for name, values in calls.items()}
        self.published: list[dict[str, Any]] = []
        self.asked: list[int] = []

    def get_paginator(self, operation: str) -> FakeCloudWatch:
        assert operation == "get_metric_data"
        return self

    def paginate(
        self,
        *,
        MetricDataQueries: list[Any],  # noqa: N803
        StartTime: datetime,  # noqa: N803
        EndTime: datetime,  # noqa: N803
    ) -> list[dict[str, Any]]:
        assert (EndTime, EndTime - StartTime) == (NOW, timedelta(hours=24))
        self.asked.append(len(MetricDataQueries))
        pages = []
        for query in MetricDataQueries:
            metric = query["MetricStat"]["Metric"]
            assert (metric["Namespace"], metric["MetricName"]) == ("AWS/SageMaker", "Invocations")
            values = self.calls.get("-".join(item["Value"] for item in metric["Dimensions"]), [])
            pages.append({"MetricDataResults": [{"Id": query["Id"], "Values": values}]})
        return pages

    def put_metric_data(self, **request: Any) -> None:
        self.published.append(request)


def variant(name: str = "a", **more: Any) -> dict[str, Any]:
    return {"VariantName": name, **more}


def test_an_endpoint_that_nobody_calls_is_counted_and_named(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sagemaker = FakeSageMaker(
        ml_core_development_idle=(30, [variant()]),
        ml_core_development_zero=(30, [variant()]),
        ml_core_development_called=(30, [variant("a"), variant("b")]),
        ml_core_development_new=(5, [variant()]),
        ml_core_development_serverless=(30, [variant(CurrentServerlessConfig={})]),
        other_ml_core_development=(30, [variant()]),
    )
    cloudwatch = FakeCloudWatch(
        ml_core_development_zero_a=[0.0, 0.0], ml_core_development_called_b=[0.0, 3.0]
    )
    with caplog.at_level(logging.WARNING):
        answer = find_idle_endpoints(sagemaker, cloudwatch, PREFIX, 24, NOW)

    assert answer == {"Idle": [f"{PREFIX}-idle", f"{PREFIX}-zero"]}
    assert f"endpoint {PREFIX}-idle has answered no request for 24 hours" in caplog.text
    (published,) = cloudwatch.published
    assert (published["Namespace"], published["MetricData"][0]["Value"]) == (PREFIX, 2)


def test_no_endpoint_is_a_count_of_zero_so_that_the_alarm_ends() -> None:
    cloudwatch = FakeCloudWatch()

    assert find_idle_endpoints(FakeSageMaker(), cloudwatch, PREFIX, 24, NOW) == {"Idle": []}
    assert cloudwatch.published[0]["MetricData"][0]["Value"] == 0
    assert cloudwatch.asked == []


def test_cloudwatch_is_asked_for_500_variants_at_once() -> None:
    variants = [variant(f"v{number}") for number in range(501)]
    cloudwatch = FakeCloudWatch(ml_core_development_many_v500=[1.0])

    found = find_idle_endpoints(
        FakeSageMaker(ml_core_development_many=(30, variants)), cloudwatch, PREFIX, 24, NOW
    )
    assert (found, cloudwatch.asked) == ({"Idle": []}, [500, 1])
