"""The data of metrics and of expressions over them, for GetMetricData and for alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from localaws.services.cloudwatch import expression
from localaws.services.cloudwatch.distribution import Distribution
from localaws.services.cloudwatch.errors import invalid_value, not_emulated, validation
from localaws.services.cloudwatch.expression import Expression, Series
from localaws.services.cloudwatch.statistics import statistic
from localaws.services.cloudwatch.store import MINUTE, MetricId, MetricStore

# Periods shorter than a minute that CloudWatch allows for metrics of high resolution.
SHORT_PERIODS: Final = (1, 5, 10, 20, 30)
MAX_QUERIES: Final = 500


@dataclass(frozen=True)
class MetricQuery:
    """A metric with a period and a statistic."""

    metric: MetricId
    period: int
    stat: str
    unit: str | None = None


@dataclass(frozen=True)
class Query:
    """One of the queries that belong together: a metric, or an expression over the others."""

    id: str
    label: str
    returned: bool
    metric: MetricQuery | None
    expression: Expression | None
    period: int


def check_period(period: int, parameter: str = "Period") -> None:
    """Refuse a period that CloudWatch does not have.

    Raises:
        AwsError: InvalidParameterValue.
    """
    if period not in SHORT_PERIODS and period % MINUTE:
        raise invalid_value(
            f"The parameter {parameter} must be 1, 5, 10, 20, 30 or a multiple of 60; it is {period}."
        )


def metric_of(params: Mapping[str, Any]) -> MetricId:
    """The metric that Namespace, MetricName and Dimensions name."""
    dimensions = {d["Name"]: d.get("Value", "") for d in params.get("Dimensions") or ()}
    return MetricId.of(params.get("Namespace", ""), params["MetricName"], dimensions)


def parse_queries(queries: Sequence[Mapping[str, Any]]) -> list[Query]:
    """Check queries and put them in an order in which each comes after those that it uses.

    Raises:
        AwsError: ValidationError, or a refusal by name.
    """
    if len(queries) > MAX_QUERIES:
        raise validation(
            f"The collection MetricDataQueries has {len(queries)} elements, the limit is {MAX_QUERIES}."
        )
    found: dict[str, Query] = {}
    for index, given in enumerate(queries, 1):
        query = _parse_query(given, index)
        if query.id in found:
            raise validation(f"The ID {query.id!r} is used more than once in MetricDataQueries.")
        found[query.id] = query
    if not any(query.returned for query in found.values()):
        raise validation("At least one query must have ReturnData set to true.")
    ordered: dict[str, Query] = {}
    for query in found.values():
        _place(query, found, ordered, ())
    return list(ordered.values())


def _parse_query(given: Mapping[str, Any], index: int) -> Query:
    where = f"MetricDataQueries.member.{index}"
    name = given["Id"]
    if not (name[0].islower() and name.replace("_", "a").isalnum()):
        raise validation(
            f"The value {name!r} for parameter {where}.Id is not valid: it must begin with a small letter "
            "and consist of letters, digits and underscores."
        )
    if given.get("AccountId"):
        raise not_emulated("metrics of other accounts (AccountId)")
    if ("MetricStat" in given) == ("Expression" in given):
        raise validation(f"Exactly one of MetricStat and Expression must be specified in {where}.")
    if "Expression" in given:
        text = given["Expression"]
        if text.lstrip().upper().startswith("SELECT "):
            raise not_emulated("Metrics Insights queries (SELECT)")
        parsed = expression.parse(text)
        if given.get("Period"):
            check_period(given["Period"], f"{where}.Period")
        return Query(
            name, given.get("Label") or text, given.get("ReturnData", True), None, parsed,
            given.get("Period", 0),
        )  # fmt: skip
    stat = given["MetricStat"]
    check_period(stat["Period"], f"{where}.MetricStat.Period")
    statistic(stat["Stat"], f"{where}.MetricStat.Stat")
    if not stat["Metric"].get("MetricName"):
        raise validation(f"{where}.MetricStat.Metric.MetricName must be specified.")
    query = MetricQuery(metric_of(stat["Metric"]), stat["Period"], stat["Stat"], stat.get("Unit"))
    label = given.get("Label") or query.metric.name
    return Query(name, label, given.get("ReturnData", True), query, None, stat["Period"])


def _place(
    query: Query, found: Mapping[str, Query], ordered: dict[str, Query], path: tuple[str, ...]
) -> None:
    if query.id in ordered:
        return
    if query.id in path:
        raise validation(f"The expressions {', '.join(path)} use each other in a circle.")
    period = query.period
    if query.expression is not None:
        for name in query.expression.names:
            if name not in found:
                raise validation(
                    f"The expression {query.expression.text!r} uses the id {name!r}, which no query has."
                )
            _place(found[name], found, ordered, (*path, query.id))
            period = max(period, ordered[name].period)
    ordered[query.id] = Query(
        query.id, query.label, query.returned, query.metric, query.expression, period
    )


def distributions(
    store: MetricStore, query: MetricQuery, start: float, end: float
) -> dict[int, Distribution]:
    """The values of each period of a metric."""
    return store.read(query.metric, start, end, query.period, query.unit)


def evaluate(
    store: MetricStore, queries: Sequence[Query], start: float, end: float
) -> dict[str, Series]:
    """The data points of each query.

    Args:
        store: the metrics.
        queries: as :func:`parse_queries` returns them.
        start: seconds since 1970, at the beginning of a period.
        end: where the time range ends.
    """
    results: dict[str, Series] = {}
    for query in queries:
        if query.metric is not None:
            read = distributions(store, query.metric, start, end)
            calculate = statistic(query.metric.stat)
            numbers = ((at, calculate(values)) for at, values in sorted(read.items()))
            points = {at: float(number) for at, number in numbers if number is not None}
            results[query.id] = Series(points, query.period)
        elif query.expression is not None:
            period = query.period or MINUTE
            times = range(int(start), int(end), period)
            results[query.id] = query.expression.evaluate(results, times)
    return results
