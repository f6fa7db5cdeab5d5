"""From the value of a metric to a number of instances."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

DEFAULT_COOLDOWN: Final = 300


def tracked_capacity(base: int, value: float, target: float) -> int:
    """The capacity with which the metric would meet its target, when it falls with more capacity.

    Args:
        base: the capacity at which the metric had this value.
        value: of the metric.
        target: the target value.
    """
    # The rounding of 3 * 200 / 200 must not lead to 4.
    return math.ceil(base * value / target - 1e-9)


def stepped_capacity(
    settings: Mapping[str, Any], current: int, value: float, threshold: float
) -> int | None:
    """The capacity that a step scaling policy leads to; None when no step covers the value."""
    breach = value - threshold
    for step in settings.get("StepAdjustments") or ():
        lower = step.get("MetricIntervalLowerBound", -math.inf)
        upper = step.get("MetricIntervalUpperBound", math.inf)
        # User guide, "step adjustments": above the threshold the lower bound belongs to a step, below it the
        # upper one.
        inside = lower <= breach < upper if breach >= 0 else lower < breach <= upper
        if inside:
            return _adjusted(settings, current, step["ScalingAdjustment"])
    return None


def _adjusted(settings: Mapping[str, Any], current: int, adjustment: int) -> int:
    kind = settings["AdjustmentType"]
    if kind == "ExactCapacity":
        return adjustment
    if kind == "ChangeInCapacity":
        return current + adjustment
    change = current * adjustment / 100
    # AWS rounds a change of more than 1 towards 0, and a smaller one away from it.
    whole = (
        math.trunc(change)
        if abs(change) > 1
        else int(math.copysign(math.ceil(abs(change)), change))
    )
    least = settings.get("MinAdjustmentMagnitude", 0)
    if whole and abs(whole) < least:
        whole = int(math.copysign(least, whole))
    return current + whole
