"""From the data points of an alarm to its state: M out of N, and missing data.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final


class State(Enum):
    """The states of an alarm."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class Missing(Enum):
    """What an alarm takes a missing data point for."""

    MISSING = "missing"
    IGNORE = "ignore"
    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"


# In AWS's examples the evaluation range of three evaluation periods is five data points.
EXTRA_POINTS: Final = 2
COMPARISONS: Final[dict[str, tuple[Callable[[float, float], bool], str]]] = {
    "GreaterThanOrEqualToThreshold": (
        lambda value, threshold: value >= threshold,
        "greater than or equal to",
    ),
    "GreaterThanThreshold": (lambda value, threshold: value > threshold, "greater than"),
    "LessThanThreshold": (lambda value, threshold: value < threshold, "less than"),
    "LessThanOrEqualToThreshold": (
        lambda value, threshold: value <= threshold,
        "less than or equal to",
    ),
}


@dataclass(frozen=True)
class Point:
    """A data point of the evaluation range."""

    at: int
    value: float | None
    """None when it is missing."""
    breaching: bool = False


@dataclass(frozen=True)
class Verdict:
    """The result of an evaluation."""

    state: State | None
    """None: the alarm keeps its state."""
    points: tuple[Point, ...] = ()
    """The real data points that it is based on, the most recent first."""
    filled: int = 0
    """How many missing data points were filled."""


def evaluate(
    points: Sequence[Point], periods: int, datapoints_to_alarm: int, missing: Missing
) -> Verdict:
    """The state that the data points lead to.

    Args:
        points: the evaluation range, the oldest first.
        periods: N, the evaluation periods.
        datapoints_to_alarm: M, how many of them must breach.
        missing: how missing data points are treated.
    """
    real = [point for point in reversed(points) if point.value is not None]
    if len(real) >= periods:
        latest = tuple(real[:periods])
        return Verdict(_state(_breaching(latest) >= datapoints_to_alarm), latest)
    filled = periods - len(real)
    known = tuple(real)
    breaching = _breaching(known)
    if missing is Missing.BREACHING:
        return Verdict(_state(breaching + filled >= datapoints_to_alarm), known, filled)
    if missing is Missing.NOT_BREACHING or breaching >= datapoints_to_alarm:
        return Verdict(_state(breaching >= datapoints_to_alarm), known, filled)
    if not known:
        state = State.INSUFFICIENT_DATA if missing is Missing.MISSING else None
        return Verdict(state, known, filled)
    if breaching < len(known):
        return Verdict(State.OK, known, filled)
    # Every known data point breaches, but there are too few. "- - X - -" alarms although the rest is missing;
    # "- - - - X" does not yet, because the next data point may be within the threshold.
    oldest = max(age for age, point in enumerate(reversed(points), 1) if point.value is not None)
    if missing is Missing.MISSING and oldest >= datapoints_to_alarm:
        return Verdict(State.ALARM, known, filled)
    return Verdict(None, known, filled)


def _state(alarm: bool) -> State:
    return State.ALARM if alarm else State.OK


def _breaching(points: Sequence[Point]) -> int:
    return sum(point.breaching for point in points)
