"""The metric of the use case on the predictions whose labels are known, beside that of the held-out rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.config.use_case import UseCase
from ml.model.scoring import Predictions
from ml.monitoring.baseline import Quality
from ml.monitoring.counts import number_of

SEED = 0
NORMAL_99 = 2.576  # the 99 % interval of a normal distribution, in standard deviations


@dataclass(frozen=True)
class QualityLimits:
    minimum_labels: int = 100
    relative: float = 0.1  # how much worse than in the training, as a part of the training's metric


@dataclass(frozen=True)
class QualityDrift:
    status: str  # "no labels", "too few labels", "as in training", "worse"
    metric: str
    direction: str
    rows: int
    training: float
    value: float | None = None
    low: float | None = None
    high: float | None = None
    worse_by: float | None = None  # relative to the training
    allowed: float | None = None

    @property
    def drifted(self) -> bool:
        return self.status == "worse"

    def document(self) -> dict[str, Any]:
        return {**asdict(self), "drifted": self.drifted}


class Pairs:
    """Actual and predicted values, 16 bytes a row."""

    def __init__(self, use_case: UseCase) -> None:
        self._use_case = use_case
        self._codes = {name: float(code) for code, name in enumerate(use_case.target_column.values)}
        self._actual: list[npt.NDArray[np.float64]] = []
        self._predicted: list[npt.NDArray[np.float64]] = []
        self.rows = 0

    def add(self, labels: npt.NDArray[np.float64], predictions: list[Any]) -> None:
        """`labels` has NaN where none is known."""
        known = np.flatnonzero(~np.isnan(labels))
        predicted = np.array([self._value(predictions[row]) for row in known.tolist()], np.float64)
        usable = ~np.isnan(predicted)
        self._actual.append(labels[known][usable])
        self._predicted.append(predicted[usable])
        self.rows += int(usable.sum())

    def _value(self, prediction: Any) -> float:
        if self._codes:
            return self._codes.get(str(prediction), float("nan"))
        return number_of(prediction)

    def predictions(self) -> Predictions:
        actual, predicted = np.concatenate(self._actual), np.concatenate(self._predicted)
        if not self._codes:
            return Predictions(actual, predicted)
        classes = self._use_case.target_column.values
        return Predictions(actual.astype(np.int64), predicted.astype(np.int64), classes)


def measure_quality(pairs: Pairs, training: Quality, limits: QualityLimits) -> QualityDrift:
    """Worse: the 99 % interval of the difference is on the worse side, and it is large enough to matter."""
    head = (training.metric, training.direction, pairs.rows, training.value)
    if not pairs.rows:
        return QualityDrift("no labels", *head)
    if pairs.rows < limits.minimum_labels:
        return QualityDrift("too few labels", *head)
    found = pairs.predictions()
    value = found.values()[training.metric]
    deviation = found.deviations(SEED).get(training.metric, 0.0)
    if not np.isfinite(value):  # all labels are equal
        return QualityDrift("too few labels", *head)
    sign = 1.0 if training.direction == "minimize" else -1.0
    worse = sign * (value - training.value)
    certain = NORMAL_99 * float(np.hypot(deviation, training.standard_deviation))
    allowed = limits.relative * abs(training.value)
    return QualityDrift(
        "worse" if worse > certain and worse >= allowed else "as in training",
        *head,
        value,
        value - NORMAL_99 * deviation,
        value + NORMAL_99 * deviation,
        worse / abs(training.value) if training.value else None,
        limits.relative,
    )
