"""The statistics of CloudWatch by their names."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from localaws.services.cloudwatch.distribution import Distribution
from localaws.services.cloudwatch.errors import invalid_value, not_emulated

Statistic = Callable[[Distribution], float | None]
"""From the values of a period to a number; None when the period has none."""

SIMPLE: Final[dict[str, Statistic]] = {
    "SampleCount": lambda values: values.count,
    "Sum": lambda values: values.total,
    "Average": lambda values: values.total / values.count if values.count else None,
    "Minimum": lambda values: values.minimum if values.count else None,
    "Maximum": lambda values: values.maximum if values.count else None,
}
_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,10})?|100)")
_OTHER = re.compile(r"(?:TM|WM|PR|TC|TS|tm|wm|tc|ts|IQM)(?:\d.*|\(.*\))?|IQM")


def percentile_of(name: str) -> float | None:
    """99.9 for p99.9; None for a name that is not a percentile."""
    found = _PERCENTILE.fullmatch(name)
    return float(found[1]) if found else None


def statistic(name: str, parameter: str = "Stat") -> Statistic:
    """The statistic of a name.

    Raises:
        AwsError: there is no such statistic, or localaws does not have it.
    """
    if name in SIMPLE:
        return SIMPLE[name]
    percent = percentile_of(name)
    if percent is not None:
        return lambda values: values.percentile(percent)
    if _OTHER.fullmatch(name):
        raise not_emulated(f"the statistic {name}; it has {', '.join(SIMPLE)} and p0 to p100")
    raise invalid_value(f"The value {name} for parameter {parameter} is not supported.")
