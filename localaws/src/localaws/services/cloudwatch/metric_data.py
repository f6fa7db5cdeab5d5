"""PutMetricData, GetMetricData, GetMetricStatistics and ListMetrics."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from localaws.core.context import Context
from localaws.core.paging import page
from localaws.core.provider import operation
from localaws.services.cloudwatch.errors import (
    invalid_combination,
    invalid_token,
    invalid_value,
    missing_parameter,
    not_emulated,
    validation,
)
from localaws.services.cloudwatch.queries import (
    MetricQuery,
    check_period,
    distributions,
    evaluate,
    metric_of,
    parse_queries,
)
from localaws.services.cloudwatch.statistics import SIMPLE, statistic
from localaws.services.cloudwatch.store import MINUTE, MetricId, MetricStore

# PutMetricData, API reference: the limits of a request and of a value.
MAX_DATA: Final = 1_000
MAX_VALUES: Final = 150
MAX_DIMENSIONS: Final = 30
LARGEST: Final = 2.0**360
_PAST: Final = timedelta(days=14)
_FUTURE: Final = timedelta(hours=2)
# ListMetrics shows a metric for two weeks after its last value.
_LISTED: Final = timedelta(days=14)
_LIST_PAGE: Final = 500
_RECENTLY_ACTIVE: Final = timedelta(hours=3)
MAX_STATISTICS_POINTS: Final = 1_440
MAX_DATAPOINTS: Final = 100_800

Params = dict[str, Any]


class MetricData:
    """The operations on the data of metrics."""

    def __init__(self, context: Context, store: MetricStore) -> None:
        self._context = context
        self._store = store

    @operation
    def put_metric_data(self, params: Params) -> Params:
        """PutMetricData. Either every value is stored, or none."""
        if params.get("EntityMetricData"):
            raise not_emulated("EntityMetricData")
        data = params.get("MetricData")
        if not data:
            raise missing_parameter("The parameter MetricData is required.")
        if len(data) > MAX_DATA:
            raise invalid_value(
                f"The collection MetricData must not have a size greater than {MAX_DATA}."
            )
        now = self._context.clock.now()
        for index, datum in enumerate(data, 1):
            _check_datum(datum, f"MetricData.member.{index}", now)
        for datum in data:
            self._store_datum(params["Namespace"], datum, now)
        return {}

    def _store_datum(self, namespace: str, datum: Mapping[str, Any], now: datetime) -> None:
        metric = metric_of({**datum, "Namespace": namespace})
        at = datum.get("Timestamp") or now
        unit = datum.get("Unit") or "None"
        resolution = datum.get("StorageResolution", MINUTE)
        statistics = datum.get("StatisticValues")
        if statistics:
            values = (
                statistics["SampleCount"], statistics["Sum"], statistics["Minimum"],
                statistics["Maximum"],
            )  # fmt: skip
            self._store.add_set(metric, at, values, unit, resolution)
        elif "Value" in datum:
            self._store.add(metric, at, datum["Value"], unit, 1.0, resolution)
        else:
            counts = datum.get("Counts") or [1.0] * len(datum["Values"])
            for value, count in zip(datum["Values"], counts, strict=True):
                self._store.add(metric, at, value, unit, count, resolution)

    @operation
    def get_metric_data(self, params: Params) -> Params:
        """GetMetricData: all data points on one page, up to MaxDatapoints."""
        queries = parse_queries(params["MetricDataQueries"])
        start, end = params["StartTime"], params["EndTime"]
        if start >= end:
            raise validation("The parameter EndTime must be greater than the parameter StartTime.")
        longest = max((query.period for query in queries), default=MINUTE) or MINUTE
        first = _floor(start, longest)
        results = evaluate(self._store, queries, first, end.timestamp())
        ascending = params.get("ScanBy") == "TimestampAscending"
        rows = [
            (query.id, query.label, at, value)
            for query in queries
            if query.returned
            for at, value in sorted(results[query.id].points.items(), reverse=not ascending)
        ]
        listing = ["GetMetricData", params["MetricDataQueries"], start, end, ascending]
        size = params.get("MaxDatapoints") or MAX_DATAPOINTS
        numbered = list(enumerate(rows))
        found, token = page(
            numbered, lambda row: row[0], listing=listing, token=params.get("NextToken"),
            size=size, invalid_token=invalid_token,
        )  # fmt: skip
        answer = []
        for query in queries:
            if query.returned:
                points = [row for _, row in found if row[0] == query.id]
                answer.append(
                    {
                        "Id": query.id,
                        "Label": query.label,
                        "Timestamps": [datetime.fromtimestamp(row[2], UTC) for row in points],
                        "Values": [row[3] for row in points],
                        "StatusCode": "PartialData" if token else "Complete",
                    }
                )
        order = {query["Id"]: place for place, query in enumerate(params["MetricDataQueries"])}
        answer.sort(key=lambda result: order[result["Id"]])
        return {"MetricDataResults": answer, "Messages": [], "NextToken": token}

    @operation
    def get_metric_statistics(self, params: Params) -> Params:
        """GetMetricStatistics, in order of time."""
        simple = params.get("Statistics") or []
        extended = params.get("ExtendedStatistics") or []
        if not simple and not extended:
            raise missing_parameter("Must specify either Statistics or ExtendedStatistics")
        for name in extended:
            if name in SIMPLE:
                raise invalid_value(
                    f"The value {name} for parameter ExtendedStatistics is invalid."
                )
            statistic(name, "ExtendedStatistics")
        start, end, period = params["StartTime"], params["EndTime"], params["Period"]
        check_period(period)
        if start >= end:
            raise invalid_combination(
                "The parameter StartTime must be less than the parameter EndTime."
            )
        points = (end - start).total_seconds() / period
        if points > MAX_STATISTICS_POINTS:
            raise invalid_combination(
                f"You have requested up to {math.ceil(points):,} datapoints, which exceeds the limit of "
                f"{MAX_STATISTICS_POINTS:,}. You may reduce the datapoints requested by increasing Period, "
                "or decreasing the time range."
            )
        metric = metric_of(params)
        query = MetricQuery(metric, period, "", params.get("Unit"))
        read = distributions(self._store, query, _floor(start, period), end.timestamp())
        unit = params.get("Unit") or self._store.unit_of(metric)
        datapoints = []
        for at, values in sorted(read.items()):
            point: dict[str, Any] = {"Timestamp": datetime.fromtimestamp(at, UTC), "Unit": unit}
            point |= {name: SIMPLE[name](values) for name in simple}
            percentiles = {name: statistic(name)(values) for name in extended}
            known = {name: value for name, value in percentiles.items() if value is not None}
            if known:
                point["ExtendedStatistics"] = known
            if simple or known:
                datapoints.append(point)
        return {"Label": metric.name, "Datapoints": datapoints}

    @operation
    def list_metrics(self, params: Params) -> Params:
        """ListMetrics, in pages of 500."""
        if params.get("IncludeLinkedAccounts") or params.get("OwningAccount"):
            raise not_emulated("metrics of other accounts (IncludeLinkedAccounts, OwningAccount)")
        age = _RECENTLY_ACTIVE if params.get("RecentlyActive") else _LISTED
        wanted = [(d["Name"], d.get("Value")) for d in params.get("Dimensions") or ()]
        since = (self._context.clock.now() - age).timestamp()
        metrics = [
            metric
            for metric in self._store.metrics(since)
            if params.get("Namespace") in {None, metric.namespace}
            and params.get("MetricName") in {None, metric.name}
            and all(_has(metric, name, value) for name, value in wanted)
        ]
        listing = ["ListMetrics", {k: v for k, v in params.items() if k != "NextToken"}]
        found, token = page(
            metrics, _position, listing=listing, token=params.get("NextToken"),
            size=_LIST_PAGE, invalid_token=invalid_token,
        )  # fmt: skip
        return {"Metrics": [describe(metric) for metric in found], "NextToken": token}


def describe(metric: MetricId) -> Params:
    """A metric as the API shows it."""
    return {
        "Namespace": metric.namespace,
        "MetricName": metric.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
    }


def _position(metric: MetricId) -> str:
    return json.dumps([metric.namespace, metric.name, metric.dimensions])


def _has(metric: MetricId, name: str, value: str | None) -> bool:
    return any(n == name and (value is None or v == value) for n, v in metric.dimensions)


def _floor(moment: datetime, period: int) -> int:
    seconds = int(moment.timestamp())
    return seconds - seconds % period


def _check_datum(datum: Mapping[str, Any], where: str, now: datetime) -> None:
    kinds = [name for name in ("Value", "Values", "StatisticValues") if name in datum]
    if len(kinds) > 1:
        raise invalid_combination(
            f"The parameters {where}.{kinds[0]} and {where}.{kinds[1]} are mutually exclusive and you "
            "have specified both."
        )
    if not kinds:
        raise missing_parameter(
            f"At least one of the parameters {where}.Value, {where}.Values and "
            f"{where}.StatisticValues must be specified."
        )
    _check_dimensions(datum.get("Dimensions") or [], where)
    if datum.get("StorageResolution", MINUTE) not in {1, MINUTE}:
        raise invalid_value(
            f"The parameter {where}.StorageResolution must be 1 or 60; it is "
            f"{datum['StorageResolution']}."
        )
    at = datum.get("Timestamp")
    if at is not None and not now - _PAST <= at <= now + _FUTURE:
        raise invalid_value(
            f"The value {at.isoformat()} for parameter {where}.Timestamp is invalid: it must be at most "
            "two weeks in the past and two hours in the future."
        )
    if "Value" in datum:
        _check_number(datum["Value"], f"{where}.Value")
    for name, value in (datum.get("StatisticValues") or {}).items():
        _check_number(value, f"{where}.StatisticValues.{name}")
    if "Values" in datum:
        _check_values(datum, where)


def _check_values(datum: Mapping[str, Any], where: str) -> None:
    values, counts = datum["Values"], datum.get("Counts")
    if not values or len(values) > MAX_VALUES:
        raise invalid_value(
            f"The parameter {where}.Values must have 1 to {MAX_VALUES} elements; it has {len(values)}."
        )
    if counts is not None and len(counts) != len(values):
        raise invalid_value(
            f"The parameters {where}.Values and {where}.Counts must be of the same size."
        )
    for index, value in enumerate(values, 1):
        _check_number(value, f"{where}.Values.member.{index}")
    for index, count in enumerate(counts or (), 1):
        _check_number(count, f"{where}.Counts.member.{index}")
        if count <= 0:
            raise invalid_value(
                f"The value {count} for parameter {where}.Counts.member.{index} must be greater than 0."
            )


def _check_number(value: float, where: str) -> None:
    if not math.isfinite(value) or abs(value) > LARGEST:
        shown = {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, value)
        text = "NaN" if isinstance(value, float) and math.isnan(value) else shown
        raise invalid_value(f"The value {text} for parameter {where} is invalid.")


def _check_dimensions(dimensions: list[dict[str, str]], where: str) -> None:
    names = [dimension["Name"] for dimension in dimensions]
    if len(set(names)) != len(names):
        raise invalid_value(f"The parameter {where}.Dimensions has the same name twice.")
    for dimension in dimensions:
        if dimension["Name"].startswith(":"):
            raise invalid_value(
                f"The dimension {dimension['Name']!r} in {where}.Dimensions must not begin with a colon."
            )
