"""The model's quality on groups of the held-out rows: a good average can hide a group it fails.

Groups are the values of each categorical column, and quantile bins of each number and of each text's length.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.config.metric_names import METRICS
from ml.config.use_case import Column, UseCase
from ml.model.scoring import Predictions

MINIMUM_ROWS = 30  # of fewer rows the metric is mostly chance: shown, not ranked
BINS = 5
WORST = 5
EDGE_ROWS = 100_000  # of more rows every second, third ... one says where the bins begin
ROUNDING = 1e-9  # of the metric: sums of other lengths end in other digits
Mask = npt.NDArray[np.bool_]


def slices(frame: pd.DataFrame, predictions: Predictions, use_case: UseCase) -> dict[str, Any]:
    """What evaluation.json says about the groups: all of them, and the worst."""
    name = slice_metric(use_case.metric.name)
    higher_is_better = METRICS[name].direction == "maximize"
    whole = predictions.values()[name]
    groups: list[dict[str, Any]] = []
    masks: list[Mask] = []
    for column in use_case.features:
        for label, mask in _groups(frame[column.name], column):
            rows = int(mask.sum())
            if not rows or rows == len(mask):
                continue
            value = predictions.metrics(predictions.actual[mask], predictions.predicted[mask])[name]
            worse = whole - value if higher_is_better else value - whole
            masks.append(mask)
            groups.append(
                {
                    "column": column.name,
                    "group": label,
                    "rows": rows,
                    "value": value,
                    "worse_by": worse,
                    "ranked": rows >= MINIMUM_ROWS,
                }
            )
    ranked = [
        position
        for position, group in enumerate(groups)
        if group["ranked"] and group["worse_by"] > ROUNDING * abs(whole)
    ]
    ranked.sort(key=lambda position: -groups[position]["worse_by"])
    return {
        "metric": name,
        "value": whole,
        "minimum_rows": MINIMUM_ROWS,
        "worst": [
            {
                **{key: value for key, value in groups[position].items() if key != "ranked"},
                "standard_deviation": _deviation(predictions, masks[position], name, use_case),
            }
            for position in ranked[:WORST]
        ],
        "groups": groups,
    }


def slice_metric(name: str) -> str:
    """R2 compares with the spread within the group: where values hardly differ, any error makes it bad."""
    return "rmse" if name == "r2" else name


def _deviation(predictions: Predictions, mask: Mask, name: str, use_case: UseCase) -> float:
    part = Predictions(predictions.actual[mask], predictions.predicted[mask], predictions.classes)
    return part.deviations(use_case.split.seed).get(name, 0.0)


def _groups(values: pd.Series[Any], column: Column) -> Iterator[tuple[str, Mask]]:
    if column.is_category:
        found = values.to_numpy(dtype=object)
        for value in (*column.values, ""):
            yield value or "(empty)", np.asarray(found == value, dtype=bool)
        return
    if column.is_text:
        lengths = values.str.len().to_numpy().astype(np.float64)
        for label, mask in _bins(lengths):
            yield f"{label} characters", mask
        return
    yield from _bins(values.to_numpy(dtype=np.float64))


def _bins(numbers: npt.NDArray[np.float64]) -> Iterator[tuple[str, Mask]]:
    """Bins with about as many rows each, named by their smallest and largest number."""
    missing = np.isnan(numbers)
    yield "(empty)", missing
    present = numbers[~missing]
    if not len(present):
        return
    ordered = np.sort(present[:: max(1, len(present) // EDGE_ROWS)])
    if len(np.unique(ordered)) <= BINS and len(distinct := np.unique(present)) <= BINS:
        for value in distinct:
            yield f"{value:.6g}", numbers == value
        return
    # Few rows get fewer bins, otherwise none of the bins could be ranked.
    bins = max(2, min(BINS, len(present) // MINIMUM_ROWS))
    last = np.ceil(np.arange(1, bins) * len(ordered) / bins).astype(int) - 1
    edges = np.unique(ordered[last])
    bin_of = np.searchsorted(edges, numbers, side="left")
    for position in range(len(edges) + 1):
        mask = (bin_of == position) & ~missing
        inside = numbers[mask]
        if len(inside):
            yield f"{inside.min():.6g} to {inside.max():.6g}", mask
