"""Metrics of the held-out rows, in the layout of SageMaker's model quality reports.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html names the metrics and
their standard deviations, which come from resampling the rows. All arithmetic is numpy's, so that the same
rows give the same digits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

MetricsOf = Callable[[npt.NDArray[Any], npt.NDArray[Any]], dict[str, float]]
MetricOf = Callable[[npt.NDArray[Any], npt.NDArray[Any]], float]

RESAMPLES = 100
PAIRED_RESAMPLES = 1_000  # the ends of an interval need more draws than a deviation
INTERVAL_LEVEL = 0.95
CURVE_POINTS = 200
# Resampling more rows than this tells nothing new: the deviation of n rows is that of m rows times sqrt(m/n).
RESAMPLED_ROWS = 20_000


def regression_metrics(actual: Floats, predicted: Floats) -> dict[str, float]:
    residual = actual - predicted
    with np.errstate(over="ignore"):  # infinite, which is refused as no metric
        mse = float(np.mean(residual**2))
        spread = float(np.mean((actual - np.mean(actual)) ** 2))
    return {
        # Of rows that all have the same value nothing can be explained: not a number, never "perfect".
        "r2": 1.0 - mse / spread if 0 < spread < np.inf else float("nan"),
        "mse": mse,
        "rmse": float(np.sqrt(mse)),
        "mae": float(np.mean(np.abs(residual))),
    }


def confusion_matrix(actual: Integers, predicted: Integers, size: int) -> Integers:
    """Rows: the actual class; columns: the predicted one."""
    counts = np.bincount(actual * size + predicted, minlength=size * size)
    return counts.reshape(size, size).astype(np.int64)


def classification_metrics(actual: Integers, predicted: Integers, size: int) -> dict[str, float]:
    matrix = confusion_matrix(actual, predicted, size)
    right = np.diag(matrix).astype(float)
    in_class = matrix.sum(axis=1).astype(float)
    named = matrix.sum(axis=0).astype(float)
    precision = np.divide(right, named, out=np.zeros(size), where=named > 0)
    recall = np.divide(right, in_class, out=np.zeros(size), where=in_class > 0)
    both = precision + recall
    f1 = np.divide(2 * precision * recall, both, out=np.zeros(size), where=both > 0)
    weight = in_class / in_class.sum()
    # With two labels the second is the positive one, as in SageMaker's binary metrics.
    positive = (
        {"precision": float(precision[1]), "recall": float(recall[1]), "f1": float(f1[1])}
        if size == 2
        else {}
    )
    return {
        **positive,
        "accuracy": float(right.sum() / in_class.sum()),
        "weighted_precision": float(weight @ precision),
        "weighted_recall": float(weight @ recall),
        "weighted_f1": float(weight @ f1),
    }


def class_metrics(matrix: Integers, classes: Sequence[str]) -> list[dict[str, Any]]:
    """Rows, precision and recall of each class, for the report; None where there is nothing to divide by."""
    right = np.diag(matrix).tolist()
    actual, named = matrix.sum(axis=1).tolist(), matrix.sum(axis=0).tolist()
    return [
        {
            "class": name,
            "rows": actual[i],
            "precision": right[i] / named[i] if named[i] else None,
            "recall": right[i] / actual[i] if actual[i] else None,
        }
        for i, name in enumerate(classes)
    ]


def standard_deviations(
    metrics: MetricsOf,
    actual: npt.NDArray[Any],
    predicted: npt.NDArray[Any],
    seed: int,
) -> dict[str, float]:
    """How much each metric moves when the rows are drawn again (bootstrap)."""
    random = np.random.default_rng(seed)
    rows = len(actual)
    chosen, scale = _resampled_rows(rows, random)
    actual, predicted = actual[chosen], predicted[chosen]
    samples: dict[str, list[float]] = {}
    for _ in range(RESAMPLES):
        index = random.integers(0, len(actual), size=len(actual))
        for name, value in metrics(actual[index], predicted[index]).items():
            if np.isfinite(value):  # a draw of equal rows has no R2
                samples.setdefault(name, []).append(value)
    return {name: float(np.std(values) * scale) for name, values in samples.items()}


def difference_interval(
    metric: MetricOf,
    actual: npt.NDArray[Any],
    first: npt.NDArray[Any],
    second: npt.NDArray[Any],
    seed: int,
) -> tuple[float, float]:
    """Where metric(first) - metric(second) lies with a probability of INTERVAL_LEVEL.

    A paired bootstrap: each draw measures both models on the same rows, so what makes rows easy or hard
    for both cancels out.
    """
    random = np.random.default_rng(seed)
    whole = metric(actual, first) - metric(actual, second)
    chosen, scale = _resampled_rows(len(actual), random)
    actual, first, second = actual[chosen], first[chosen], second[chosen]
    part = metric(actual, first) - metric(actual, second)
    differences = []
    for _ in range(PAIRED_RESAMPLES):
        index = random.integers(0, len(actual), size=len(actual))
        rows = actual[index]
        differences.append(metric(rows, first[index]) - metric(rows, second[index]))
    finite = np.array(differences)[np.isfinite(differences)]
    if not len(finite):
        return whole, whole
    outside = (1 - INTERVAL_LEVEL) / 2
    low, high = np.quantile(finite, [outside, 1 - outside])
    return float(whole + (low - part) * scale), float(whole + (high - part) * scale)


def _resampled_rows(rows: int, random: np.random.Generator) -> tuple[Any, float]:
    """The rows to draw from, and what a deviation found on them is to be multiplied with."""
    if rows <= RESAMPLED_ROWS:
        return slice(None), 1.0
    chosen = random.choice(rows, size=RESAMPLED_ROWS, replace=False, shuffle=False)
    return chosen, (RESAMPLED_ROWS / rows) ** 0.5


@dataclass(frozen=True)
class Curves:
    """What a binary classifier does at every threshold of its probability."""

    auc: float
    auc_deviation: float
    false_positive_rates: list[float]
    true_positive_rates: list[float]
    precisions: list[float]


def curves(positive: npt.NDArray[np.bool_], score: Floats) -> Curves | None:
    """ROC and precision over the thresholds, at most CURVE_POINTS of them; None with one label only."""
    yes, no = int(positive.sum()), int((~positive).sum())
    if not yes or not no:
        return None
    order = np.argsort(-score, kind="stable")
    last = np.append(np.diff(score[order]) != 0, True)  # equal scores change sides together
    hits = np.append(0, np.cumsum(positive[order])[last])
    misses = np.append(0, np.cumsum(~positive[order])[last])
    true_rate, false_rate = hits / yes, misses / no
    auc = float(np.sum(np.diff(false_rate) * (true_rate[1:] + true_rate[:-1]) / 2))
    # Standard error of Hanley and McNeil (1982).
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = auc * (1 - auc) + (yes - 1) * (q1 - auc**2) + (no - 1) * (q2 - auc**2)
    shown = np.unique(np.linspace(0, len(hits) - 1, CURVE_POINTS).round().astype(int))
    precision = np.divide(hits, hits + misses, out=np.ones(len(hits)), where=hits + misses > 0)
    return Curves(
        auc,
        float(np.sqrt(max(spread, 0.0) / (yes * no))),
        false_rate[shown].tolist(),
        true_rate[shown].tolist(),
        precision[shown].tolist(),
    )


def class_codes(labels: npt.NDArray[Any], classes: Sequence[str]) -> Integers:
    """The position of each label in `classes`."""
    code = {name: position for position, name in enumerate(classes)}
    return np.fromiter((code[str(label)] for label in labels), dtype=np.int64, count=len(labels))
