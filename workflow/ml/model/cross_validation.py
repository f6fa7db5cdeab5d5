"""Train and measure on folds of the training rows: how much the metric varies, and which trial is better.

Which fold a row is in depends on a hash of its features, as in the split: rows with equal features are
never on both sides, labels keep their shares, and the order of the rows does not matter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import PredefinedSplit, cross_validate
from sklearn.pipeline import Pipeline

from ml.config.use_case import UseCase
from ml.data.split import row_hashes
from ml.errors import JobError
from ml.model.features import predict_alone, set_threads, target_values
from ml.model.scoring import predict
from ml.model.threads import limited_threads


@dataclass(frozen=True)
class Scores:
    """The metric on each fold."""

    values: tuple[float, ...]
    fit_seconds: float  # the mean of the folds

    @property
    def mean(self) -> float:
        return float(np.mean(self.values))

    @property
    def standard_deviation(self) -> float:
        return float(np.std(self.values))

    def as_json(self) -> dict[str, Any]:
        return {
            "value": self.mean,
            "standard_deviation": self.standard_deviation,
            "scores": list(self.values),
            "fit_seconds": round(self.fit_seconds, 3),
        }


def assign_folds(frame: pd.DataFrame, use_case: UseCase, folds: int) -> npt.NDArray[np.int64]:
    """The fold of each row; raise JobError when the rows are too few or too alike."""
    hashes = row_hashes(frame[use_case.feature_names], use_case.model.seed)
    unique, first, group = np.unique(hashes, return_index=True, return_inverse=True)
    if use_case.task == "classification":
        # Equal features with different labels go where the first of them goes.
        labels = frame[use_case.target].to_numpy(dtype=str)[first]
    else:
        labels = np.zeros(len(unique), dtype=np.int64)
    fold = np.empty(len(unique), dtype=np.int64)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if len(members) < folds:
            what = f"rows of {label}" if use_case.task == "classification" else "rows"
            raise JobError(
                f"folds: found {folds}, but only {len(members)} different {what} to train on. "
                "Lower folds in the use case, or add rows."
            )
        # `unique` is in the order of the hashes, so neighbours are as good as drawn.
        fold[members] = np.arange(len(members)) % folds
    return fold[group.reshape(-1)]


def cross_validated(
    pipeline: Pipeline,
    frame: pd.DataFrame,
    use_case: UseCase,
    fold_of_row: npt.NDArray[np.int64],
    before_each: Callable[[], None] = lambda: None,
) -> Scores:
    """The use case's metric on each fold; `before_each` may raise to stop. ValueError: cannot be trained."""

    def measure(fitted: Pipeline, features: pd.DataFrame, target: npt.NDArray[Any]) -> float:
        before_each()
        part = features.assign(**{use_case.target: target})
        return predict(predict_alone(fitted), part, use_case).values()[use_case.metric.name]

    with limited_threads(frame.size):
        set_threads(pipeline, use_case, frame.size)
        found = cross_validate(
            pipeline,
            frame[use_case.feature_names],
            target_values(frame, use_case),
            cv=PredefinedSplit(fold_of_row),
            scoring=measure,
            error_score="raise",
        )
    values = tuple(float(value) for value in found["test_score"])
    if not np.isfinite(values).all():
        raise ValueError(f"{use_case.metric.name} is not a number on a fold: {values}")
    return Scores(values, float(np.mean(found["fit_time"])))


def report_folds(pipeline: Pipeline, frame: pd.DataFrame, use_case: UseCase) -> dict[str, Any]:
    """Cross-validate one pipeline, print the folds, and return what model.json records of it."""
    folds, metric = use_case.cross_validation, use_case.metric.name
    try:
        scores = cross_validated(pipeline, frame, use_case, assign_folds(frame, use_case, folds))
    except ValueError as error:
        raise JobError(
            f"{use_case.model.estimator} cannot be trained on the folds: {error}"
        ) from error
    for number, value in enumerate(scores.values, start=1):
        print(f"fold {number} of {folds}: {metric} {value:.6f}")
    print(
        f"cross-validation: {metric} {scores.mean:.6f}, standard deviation "
        f"{scores.standard_deviation:.6f}, {scores.fit_seconds:.2f} s a training"
    )
    return {"metric": metric, "folds": folds, **scores.as_json()}
