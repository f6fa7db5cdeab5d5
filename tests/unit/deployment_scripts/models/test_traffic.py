"""Weights of variants, and their comparison."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.models.comparison import compare
from landing_zone.models.comparison_page import as_text, page
from landing_zone.models.targets import Endpoints
from landing_zone.models.traffic import Traffic, Variant, bars, parse_weight, promotion, variants_of
from tests.unit.deployment_scripts.fakes import START, FakeAws
from tests.unit.deployment_scripts.models.fakes import FakeSageMaker, arn

ENDPOINT = "zone-development-iris"


@pytest.fixture
def sagemaker() -> FakeSageMaker:
    made = FakeSageMaker()
    made.serve(ENDPOINT, "iris-1-abc", 1, 1)
    made.endpoints[ENDPOINT]["ProductionVariants"] = [
        {"VariantName": "A", "CurrentWeight": 0.9, "CurrentInstanceCount": 2},
        {"VariantName": "B", "CurrentWeight": 0.1, "CurrentInstanceCount": 1},
    ]
    return made


def traffic(sagemaker: FakeSageMaker, said: list[str]) -> Traffic:
    return Traffic(FakeAws(sagemaker=sagemaker), ENDPOINT, say=said.append, sleep=lambda _: None)


def test_weights_are_changed_and_shown(sagemaker: FakeSageMaker) -> None:
    said: list[str] = []
    after = traffic(sagemaker, said).set({"A": 3.0, "B": 1.0}, 0)
    assert [(variant.name, variant.share) for variant in after] == [("A", 0.75), ("B", 0.25)]
    assert said == [f"endpoint {ENDPOINT} is InService"]
    assert " 75.0%  weight 3, 2 instance(s)" in bars(after)
    changed = sagemaker.weights[0]["DesiredWeightsAndCapacities"]
    assert changed[0] == {"VariantName": "A", "DesiredWeight": 3.0}


def test_promotion_gives_one_variant_all_traffic(sagemaker: FakeSageMaker) -> None:
    variants = variants_of(sagemaker.endpoints[ENDPOINT])
    assert promotion("B", variants, ENDPOINT) == {"A": 0.0, "B": 1.0}
    with pytest.raises(OperatorError, match="has no variant C; its variants: A, B"):
        promotion("C", variants, ENDPOINT)


def test_what_cannot_be_changed(sagemaker: FakeSageMaker) -> None:
    with pytest.raises(OperatorError, match="at least one needs traffic"):
        traffic(sagemaker, []).set({"A": 0.0, "B": 0.0}, 0)
    sagemaker.endpoints[ENDPOINT]["EndpointStatus"] = "Updating"
    with pytest.raises(OperatorError, match="is Updating"):
        traffic(sagemaker, []).set({"A": 1.0}, 0)
    sagemaker.endpoints.clear()
    with pytest.raises(OperatorError, match="does not exist"):
        traffic(sagemaker, []).set({"A": 1.0}, 0)
    assert sagemaker.weights == []


@pytest.mark.parametrize("text", ["A", "A=", "A=x", "=1", "A=-1", "A=1e9", "a b=1"])
def test_a_weight_is_a_name_and_a_number(text: str) -> None:
    with pytest.raises(ValueError, match=r"allowed: NAME=NUMBER"):
        parse_weight(text)
    assert parse_weight("model-a=0.9") == ("model-a", 0.9)


class FakeCloudWatch:
    """Ten requests a minute for A, one for B; B fails with every one."""

    def get_paginator(self, operation: str) -> Any:
        assert operation == "get_metric_data"
        return self

    def paginate(self, **request: Any) -> Iterator[Any]:
        start, results = request["StartTime"], []
        for query in request["MetricDataQueries"]:
            metric, period = query["MetricStat"]["Metric"], query["MetricStat"]["Period"]
            variant = metric["Dimensions"][1]["Value"]
            number = int((request["EndTime"] - start).total_seconds() // period)
            value = {
                "Invocations": 10.0 if variant == "A" else 1.0,
                "Invocation5XXErrors": 0.0 if variant == "A" else 1.0,
                "Invocation4XXErrors": 0.0,
                "ModelLatency": 5000.0,
                "OverheadLatency": 1500.0,
            }[metric["MetricName"]]
            times = [start + timedelta(seconds=period * index) for index in range(number)]
            results.append({"Id": query["Id"], "Timestamps": times, "Values": [value] * number})
        yield {"MetricDataResults": results}


def test_variants_are_compared_by_their_metrics() -> None:
    variants = [
        Variant("A", 0.9, 0.9, 1),
        Variant("B", 0.1, 0.1, 1),
        Variant("S", 1, 1, 1, shadow=True),
    ]
    a, b, shadow = compare(FakeAws(cloudwatch=FakeCloudWatch()), ENDPOINT, variants, START, 10)

    assert (a.requests, b.requests, shadow.requests) == (100, 10, 10)
    assert (a.share, b.share) == (100 / 110, 10 / 110)
    assert (a.error_rate, b.error_rate) == (0.0, 1.0)
    assert a.latency_ms == {"p50": 5.0, "p90": 5.0, "p99": 5.0}
    assert a.overhead_ms == 1.5
    assert a.requests_over_time[:2] == [(0.0, 10.0), (60.0, 10.0)]
    assert json.loads(json.dumps(b.as_json()))["error_rate"] == 1.0
    assert "S (shadow)" in as_text("title", [a, b, shadow])
    html = page("<title>", "ten minutes", [a, b, shadow])
    assert html.count("<polyline") == 6
    assert "&lt;title&gt;" in html
    assert "<title><title>" not in html


def test_a_variant_without_requests_has_no_latency() -> None:
    class Nothing(FakeCloudWatch):
        def paginate(self, **_: Any) -> Iterator[Any]:
            yield {"MetricDataResults": []}

    (found,) = compare(FakeAws(cloudwatch=Nothing()), ENDPOINT, [Variant("A", 1, 1, 1)], START, 5)
    assert (found.requests, found.share, found.error_rate, found.latency_ms) == (0, 0.0, 0.0, {})
    assert "<svg" in page("t", "p", [found])


def test_the_version_of_a_variant_is_that_of_its_tag(sagemaker: FakeSageMaker) -> None:
    endpoints = Endpoints(FakeAws(sagemaker=sagemaker))
    config = sagemaker.configs["iris-1-abc"]
    config["ProductionVariants"].append({"VariantName": "B", "ModelName": "model-2"})
    assert endpoints.package_of_variant(ENDPOINT, "B") == ""
    sagemaker.models["model-2"] = {
        "ModelArn": "m",
        "PrimaryContainer": {"ModelPackageName": arn(3)},
    }
    assert endpoints.package_of_variant(ENDPOINT, "B") == arn(3)
    sagemaker.tags[config["EndpointConfigArn"]]["ModelVersion.B"] = "2"
    assert endpoints.package_of_variant(ENDPOINT, "B") == arn(2)
    assert endpoints.package_of_variant("no-endpoint", "B") == ""
