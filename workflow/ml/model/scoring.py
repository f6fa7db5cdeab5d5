"""Predictions of a pipeline and their metrics, the same way in train and evaluate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.config.use_case import UseCase
from ml.model.features import target_values
from ml.model.metrics import (
    Curves,
    class_codes,
    classification_metrics,
    confusion_matrix,
    curves,
    regression_metrics,
    standard_deviations,
)
from ml.model.threads import limited_threads


@dataclass(frozen=True)
class Predictions:
    """Actual and predicted values; for a classification as positions in `classes`."""

    actual: npt.NDArray[Any]
    predicted: npt.NDArray[Any]
    classes: tuple[str, ...] = ()
    probabilities: npt.NDArray[np.float64] | None = None  # columns in the order of `classes`

    def labels(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.array(self.classes)[values] if self.classes else values

    def metrics(self, actual: npt.NDArray[Any], predicted: npt.NDArray[Any]) -> dict[str, float]:
        if self.classes:
            return classification_metrics(actual, predicted, len(self.classes))
        return regression_metrics(actual, predicted)

    def values(self) -> dict[str, float]:
        return self.metrics(self.actual, self.predicted)

    def deviations(self, seed: int) -> dict[str, float]:
        return standard_deviations(self.metrics, self.actual, self.predicted, seed)

    def metric(self, name: str) -> Callable[[npt.NDArray[Any], npt.NDArray[Any]], float]:
        """One metric as a function of actual and predicted values."""
        return lambda actual, predicted: self.metrics(actual, predicted)[name]

    def curves(self) -> Curves | None:
        """Of two labels with probabilities; the second label is the positive one."""
        if len(self.classes) != 2 or self.probabilities is None:
            return None
        return curves(self.actual == 1, self.probabilities[:, 1])

    def confusion(self) -> npt.NDArray[np.int64]:
        return confusion_matrix(self.actual, self.predicted, len(self.classes))


def predict(pipeline: Any, frame: pd.DataFrame, use_case: UseCase) -> Predictions:
    with limited_threads(frame.size):
        return _predict(pipeline, frame, use_case)


def _predict(pipeline: Any, frame: pd.DataFrame, use_case: UseCase) -> Predictions:
    features = frame[use_case.feature_names]
    actual = target_values(frame, use_case)
    predicted = pipeline.predict(features)
    if use_case.task == "regression":
        return Predictions(actual, np.asarray(predicted, dtype=np.float64))
    classes = use_case.target_column.values
    probabilities = None
    if hasattr(pipeline, "predict_proba"):
        order = [list(pipeline.classes_).index(name) for name in classes]
        probabilities = pipeline.predict_proba(features)[:, order]
    return Predictions(
        class_codes(actual, classes), class_codes(predicted, classes), classes, probabilities
    )
