"""What PutMetricAlarm and PutCompositeAlarm refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from localaws.services.cloudwatch.errors import (
    invalid_combination,
    not_emulated,
    validation,
)
from localaws.services.cloudwatch.evaluation import COMPARISONS, Missing
from localaws.services.cloudwatch.queries import (
    MetricQuery,
    Query,
    metric_of,
    parse_queries,
)
from localaws.services.cloudwatch.statistics import percentile_of, statistic
from localaws.services.cloudwatch.store import MINUTE

_DAY: Final = 86_400
_WEEK: Final = 7 * _DAY
_HOUR: Final = 3_600
_SHORT_PERIODS: Final = (10, 20, 30)
_NOT_EMULATED: Final = (
    "ThresholdMetricId", "EvaluationWindow", "WarmUpConfiguration", "EvaluationCriteria",
    "EvaluationInterval", "ActionConfiguration",
)  # fmt: skip
_ONE_METRIC: Final = (
    "MetricName", "Namespace", "Dimensions", "Period", "Statistic", "ExtendedStatistic", "Unit",
)  # fmt: skip
_LOW_SAMPLES: Final = ("evaluate", "ignore")


def metric_alarm_queries(params: Mapping[str, Any]) -> tuple[list[Query], str]:
    """The queries of a metric alarm, and the id of the one that is compared with the threshold.

    Raises:
        AwsError: the request is not valid, or localaws does not emulate a part of it.
    """
    for name in _NOT_EMULATED:
        if name in params:
            raise not_emulated(f"PutMetricAlarm with {name}")
    for name in ("EvaluationPeriods", "ComparisonOperator", "Threshold"):
        if name not in params:
            raise validation(f"The parameter {name} must be specified for a metric alarm.")
    if params["ComparisonOperator"] not in COMPARISONS:
        raise not_emulated(f"anomaly detection ({params['ComparisonOperator']})")
    _check_evaluation(params)
    if params.get("Metrics"):
        return _math_queries(params)
    return _one_metric(params)


def _check_evaluation(params: Mapping[str, Any]) -> None:
    periods = params["EvaluationPeriods"]
    if params.get("DatapointsToAlarm", 1) > periods:
        raise validation(
            f"DatapointsToAlarm is {params['DatapointsToAlarm']}, but must not be greater than "
            f"EvaluationPeriods ({periods})."
        )
    treatments = [treatment.value for treatment in Missing]
    if params.get("TreatMissingData", treatments[0]) not in treatments:
        raise validation(
            f"The value {params['TreatMissingData']} is unsupported for parameter TreatMissingData. "
            f"Supported values are [{', '.join(treatments)}]."
        )
    if params.get("EvaluateLowSampleCountPercentile", _LOW_SAMPLES[0]) not in _LOW_SAMPLES:
        raise validation(
            f"Option {params['EvaluateLowSampleCountPercentile']} is not supported. Supported options for "
            f"parameter EvaluateLowSampleCountPercentile are {' and '.join(_LOW_SAMPLES)}."
        )


def _one_metric(params: Mapping[str, Any]) -> tuple[list[Query], str]:
    for name in ("MetricName", "Namespace", "Period"):
        if name not in params:
            raise validation(f"{name} must be specified, or Metrics.")
    stats = [params[name] for name in ("Statistic", "ExtendedStatistic") if name in params]
    if len(stats) != 1:
        raise invalid_combination(
            "Exactly one of Statistic and ExtendedStatistic must be specified."
        )
    if "ExtendedStatistic" in params and percentile_of(stats[0]) is None:
        statistic(stats[0], "ExtendedStatistic")
        raise validation(
            f"The value {stats[0]} for parameter ExtendedStatistic is not a percentile."
        )
    if "EvaluateLowSampleCountPercentile" in params and "ExtendedStatistic" not in params:
        raise invalid_combination(
            "EvaluateLowSampleCountPercentile can be specified for alarms on percentiles only."
        )
    period = params["Period"]
    _check_period(period, params["EvaluationPeriods"])
    metric = MetricQuery(metric_of(params), period, stats[0], params.get("Unit"))
    return [Query("m1", params["MetricName"], True, metric, None, period)], "m1"


def _math_queries(params: Mapping[str, Any]) -> tuple[list[Query], str]:
    both = [name for name in _ONE_METRIC if name in params]
    if both:
        raise validation(
            f"Metrics and {both[0]} are mutually exclusive and you have specified both."
        )
    queries = parse_queries(params["Metrics"])
    returned = [query for query in queries if query.returned]
    if len(returned) != 1:
        raise validation(
            f"Exactly one element of Metrics must return data; {len(returned)} do. Set ReturnData to false "
            "in the others."
        )
    periods = {query.period for query in queries if query.metric is not None}
    if not periods:
        raise validation("Metrics must contain at least one metric.")
    if len(periods) > 1:
        raise validation("All metrics in Metrics must have the same Period.")
    _check_period(periods.pop(), params["EvaluationPeriods"])
    return queries, returned[0].id


def _check_period(period: int, evaluation_periods: int) -> None:
    if period not in _SHORT_PERIODS and period % MINUTE:
        raise validation("Valid periods are 10, 20, 30, or a multiple of 60.")
    span = period * evaluation_periods
    if period < MINUTE and span > _DAY:
        raise validation(
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400)."
        )
    if span > (_DAY if period < _HOUR else _WEEK):
        raise validation(
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400), "
            "or a week where Period is at least 3600."
        )
