"""What CloudWatch knows of each variant of an endpoint: requests, error rate, latency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from landing_zone.core.aws import Clients
from landing_zone.models.traffic import Variant

NAMESPACE = "AWS/SageMaker"
PERCENTILES = ("p50", "p90", "p99")
_SUMS = {
    "requests": "Invocations",
    "errors_4xx": "Invocation4XXErrors",
    "errors_5xx": "Invocation5XXErrors",
}
# As many points as a chart needs; CloudWatch's periods are multiples of a minute.
_MOST_POINTS = 60


@dataclass(frozen=True)
class Comparison:
    """One variant in the whole time, and its course: points of seconds and values."""

    variant: str
    shadow: bool
    requests: int
    share: float
    errors_4xx: int
    errors_5xx: int
    latency_ms: dict[str, float]
    overhead_ms: float | None
    requests_over_time: list[tuple[float, float]]
    latency_over_time: list[tuple[float, float]]

    @property
    def error_rate(self) -> float:
        """Of server errors: a client error is that of the caller."""
        return self.errors_5xx / self.requests if self.requests else 0.0

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "error_rate": self.error_rate}


def compare(
    aws: Clients, endpoint: str, variants: Sequence[Variant], end: datetime, minutes: int
) -> list[Comparison]:
    """Read the metrics of each variant of the last minutes."""
    api = aws.client("cloudwatch")
    # A data point belongs to the minute in which it began.
    end = end.replace(second=0, microsecond=0) + timedelta(minutes=1)
    start = end - timedelta(minutes=minutes)
    read = [_read(api, endpoint, variant, start, end, minutes) for variant in variants]
    total = sum(
        item["requests"] for item, variant in zip(read, variants, strict=True) if not variant.shadow
    )
    return [
        Comparison(
            variant=variant.name,
            shadow=variant.shadow,
            share=item["requests"] / total if total else 0.0,
            **item,
        )
        for item, variant in zip(read, variants, strict=True)
    ]


def _read(
    api: Any, endpoint: str, variant: Variant, start: datetime, end: datetime, minutes: int
) -> dict[str, Any]:
    whole = minutes * 60
    step = max(1, -(-minutes // _MOST_POINTS)) * 60

    def query(name: str, metric: str, stat: str, period: int) -> dict[str, Any]:
        dimensions = [
            {"Name": "EndpointName", "Value": endpoint},
            {"Name": "VariantName", "Value": variant.name},
        ]
        metric_of = {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": dimensions}
        return {"Id": name, "MetricStat": {"Metric": metric_of, "Period": period, "Stat": stat}}

    queries = [query(name, metric, "Sum", step) for name, metric in _SUMS.items()]
    queries += [query(name, "ModelLatency", name, whole) for name in PERCENTILES]
    queries += [
        query("overhead", "OverheadLatency", "Average", whole),
        query("course", "ModelLatency", "p99", step),
    ]
    found: dict[str, list[tuple[datetime, float]]] = {}
    pages = api.get_paginator("get_metric_data").paginate(
        MetricDataQueries=queries, StartTime=start, EndTime=end
    )
    for page in pages:
        for result in page["MetricDataResults"]:
            points = zip(result["Timestamps"], result["Values"], strict=True)
            found.setdefault(result["Id"], []).extend(points)
    sums = {name: round(sum(value for _, value in found.get(name, []))) for name in _SUMS}

    def highest(name: str) -> float | None:
        """CloudWatch may answer in two periods where the time is not aligned with them."""
        values = [value for _, value in found.get(name, [])]
        return round(max(values) / 1000, 3) if values else None

    latencies = {name: highest(name) for name in PERCENTILES}

    def course(name: str, factor: float) -> list[tuple[float, float]]:
        points = sorted(found.get(name, []))
        return [((at - start).total_seconds(), value * factor) for at, value in points]

    return {
        **sums,
        "latency_ms": {name: value for name, value in latencies.items() if value is not None},
        "overhead_ms": highest("overhead"),
        "requests_over_time": course("requests", 60 / step),
        "latency_over_time": course("course", 0.001),
    }
