"""One scikit-learn Pipeline from raw cells to a prediction, so that serving needs nothing else.

The model file holds classes of scikit-learn only: it can be loaded without this package.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ml.errors import JobError
from ml.estimators import ESTIMATORS
from ml.threads import limited_threads
from ml.use_case import Column, UseCase


def build_pipeline(use_case: UseCase, estimator: Any) -> Pipeline:
    known = ESTIMATORS[use_case.model.estimator]
    numbers = [column for column in use_case.features if column.is_number]
    categories = [column for column in use_case.features if not column.is_number]
    transformers: list[tuple[str, Any, list[str]]] = []
    if numbers:
        steps = _number_steps(numbers, scale=known.scale, takes_missing=known.takes_missing)
        names = [column.name for column in numbers]
        transformers.append(("numbers", Pipeline(steps) if steps else "passthrough", names))
    if categories:
        known_values = [_known_values(column) for column in categories]
        encoder = OneHotEncoder(categories=known_values, sparse_output=False)
        transformers.append(("categories", encoder, [column.name for column in categories]))
    # Nothing to transform: leave the frame alone, a ColumnTransformer costs a millisecond a request.
    untouched = len(transformers) == 1 and transformers[0][1] == "passthrough"
    preprocessing = "passthrough" if untouched else ColumnTransformer(transformers)
    return Pipeline([("preprocessing", preprocessing), ("estimator", estimator)])


def _number_steps(numbers: list[Column], scale: bool, takes_missing: bool) -> list[tuple[str, Any]]:
    steps: list[tuple[str, Any]] = []
    if not takes_missing and any(column.maximum_missing_share > 0 for column in numbers):
        # keep_empty_features: a column that is empty in one small data set still has its place.
        steps.append(("impute", SimpleImputer(strategy="median", keep_empty_features=True)))
    if scale:
        steps.append(("scale", StandardScaler()))
    return steps


def _known_values(column: Column) -> list[str]:
    """Every value the gate lets pass; an empty cell is a value of its own."""
    return [*column.values, *([""] if column.maximum_missing_share > 0 else [])]


def target_values(frame: pd.DataFrame, use_case: UseCase) -> npt.NDArray[Any]:
    target = frame[use_case.target]
    if use_case.task == "classification":
        return target.to_numpy(dtype=str)
    return target.to_numpy(dtype=np.float64)


def fit(pipeline: Pipeline, frame: pd.DataFrame, use_case: UseCase) -> Pipeline:
    try:
        with limited_threads(frame.size):
            pipeline.fit(frame[use_case.feature_names], target_values(frame, use_case))
    except ValueError as error:
        # Combinations of hyperparameters are judged by the estimator itself, when it is fitted.
        raise JobError(
            f"{use_case.model.estimator} cannot be trained with these hyperparameters and data: {error}"
        ) from error
    estimator = pipeline[-1]
    if "n_jobs" in estimator.get_params(deep=False):
        # Threads finish in any order, and a sum of floats depends on the order: predict with one.
        estimator.set_params(n_jobs=None)
    return pipeline
