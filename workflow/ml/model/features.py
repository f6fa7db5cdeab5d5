"""One scikit-learn Pipeline from raw cells to a prediction, so that serving needs nothing else.

The model file holds classes of scikit-learn only (and of ml.model.boosting, for XGBClassifier): all but that
one can be loaded without this package.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ml.config.use_case import Column, UseCase
from ml.errors import JobError
from ml.model.estimators import ESTIMATORS, settings_of, try_estimator
from ml.model.hyperparameters import HyperparameterError, refuse
from ml.model.text_features import (
    PREFIX,
    forget_process,
    read_settings,
    settings_of_text,
    split_settings,
)
from ml.model.threads import limited_threads, threads_for


def make_pipeline(use_case: UseCase, hyperparameters: Mapping[str, Any]) -> Pipeline:
    """Features and estimator, not yet fitted; raise HyperparameterError listing all that is refused."""
    model = use_case.model
    text, rest = split_settings(hyperparameters)
    estimator, problems = try_estimator(model.estimator, use_case.task, rest, model.seed)
    settings, wrong = read_settings(text)
    texts = [column.name for column in use_case.features if column.is_text]
    if text and not texts:
        wrong = [
            f"{PREFIX}{name}: the use case {use_case.name} has no column of type text"
            for name in text
        ]
    refuse(problems + wrong)
    if texts and not ESTIMATORS[model.estimator].takes_text:
        others = [
            name
            for name, known in ESTIMATORS.items()
            if known.task == use_case.task and known.takes_text
        ]
        raise HyperparameterError(
            f"model.estimator: {model.estimator} cannot be trained on texts (column {texts[0]}): it takes "
            f"no sparse matrix. Choose one of {', '.join(others)}."
        )
    return build_pipeline(use_case, estimator, settings)


def build_pipeline(
    use_case: UseCase, estimator: Any, text: Mapping[str, Any] | None = None
) -> Pipeline:
    known = ESTIMATORS[use_case.model.estimator]
    numbers = [column for column in use_case.features if column.is_number]
    categories = [column for column in use_case.features if column.is_category]
    transformers: list[tuple[str, Any, Any]] = []
    if numbers:
        steps = _number_steps(numbers, scale=known.scale, takes_missing=known.takes_missing)
        names = [column.name for column in numbers]
        transformers.append(("numbers", Pipeline(steps) if steps else "passthrough", names))
    if categories:
        known_values = [_known_values(column) for column in categories]
        encoder = OneHotEncoder(categories=known_values, sparse_output=False)
        transformers.append(("categories", encoder, [column.name for column in categories]))
    texts = [column.name for column in use_case.features if column.is_text]
    for number, name in enumerate(texts, start=1):
        # By its name alone and not in a list: the vectorizer wants a series, not a frame.
        transformers.append((f"text{number}", TfidfVectorizer(**(text or {})), name))
    # Nothing to transform: leave the frame alone, a ColumnTransformer costs a millisecond per request.
    untouched = len(transformers) == 1 and transformers[0][1] == "passthrough"
    preprocessing = "passthrough" if untouched else _transformer(transformers, bool(texts))
    return Pipeline([("preprocessing", preprocessing), ("estimator", estimator)])


def _transformer(transformers: list[tuple[str, Any, Any]], has_text: bool) -> ColumnTransformer:
    # Words are always sparse, however few: some estimators read zeros in the two forms differently.
    return ColumnTransformer(transformers, sparse_threshold=1.0 if has_text else 0.3)


def forget_process_of(pipeline: Pipeline) -> None:
    """Drop what a fitted pipeline remembers of its process; to be called right before it is saved."""
    for vectorizer in _vectorizers(getattr(pipeline[0], "transformers_", ())):
        forget_process(vectorizer)


def pipeline_settings(pipeline: Pipeline) -> dict[str, Any]:
    """Every hyperparameter with its value, those of texts too, as JSON can hold them."""
    settings = settings_of(pipeline[-1])
    for vectorizer in _vectorizers(getattr(pipeline[0], "transformers", ())):
        settings |= settings_of_text(vectorizer)
    return settings


def _vectorizers(transformers: Iterable[tuple[str, Any, Any]]) -> list[TfidfVectorizer]:
    return [part for _, part, _ in transformers if isinstance(part, TfidfVectorizer)]


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
            set_threads(pipeline, use_case, frame.size)
            pipeline.fit(frame[use_case.feature_names], target_values(frame, use_case))
    except ValueError as error:
        # Combinations of hyperparameters are judged by the estimator itself, when it is fitted.
        raise JobError(
            f"{use_case.model.estimator} cannot be trained with these hyperparameters and data: {error}"
        ) from error
    return predict_alone(pipeline)


def set_threads(pipeline: Pipeline, use_case: UseCase, cells: int) -> None:
    """Limit XGBoost's threads: it ignores threadpoolctl and takes every core."""
    if ESTIMATORS[use_case.model.estimator].library == "xgboost" and pipeline[-1].n_jobs is None:
        pipeline[-1].set_params(n_jobs=threads_for(cells))


def predict_alone(pipeline: Pipeline) -> Pipeline:
    """Threads finish in any order, and a sum of floats depends on the order: predict with one."""
    if "n_jobs" in pipeline[-1].get_params(deep=False):
        pipeline[-1].set_params(n_jobs=None)
    return pipeline
