"""Estimators by name, with what the rest of the pipeline must know of each."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ml.config.cells import shown
from ml.model.hyperparameters import (
    HyperparameterError,
    as_json,
    did_you_mean,
    read_hyperparameters,
    refuse,
)

__all__ = ["ESTIMATORS", "HyperparameterError", "KnownEstimator", "make_estimator", "settings_of"]


@dataclass(frozen=True)
class KnownEstimator:
    module: str
    task: str
    scale: bool = False  # distances or penalties: features must be of similar size
    takes_missing: bool = False  # handles empty numbers itself
    takes_text: bool = True  # takes the sparse matrix that words become
    library: str = ""  # that the prebuilt image lacks


def _pair(module: str, stem: str, **traits: Any) -> dict[str, KnownEstimator]:
    return {
        f"{stem}{suffix}": KnownEstimator(f"sklearn.{module}", task, **traits)
        for suffix, task in (("Regressor", "regression"), ("Classifier", "classification"))
    }


ESTIMATORS: dict[str, KnownEstimator] = {
    **_pair("ensemble", "HistGradientBoosting", takes_missing=True, takes_text=False),
    **_pair("ensemble", "RandomForest"),
    **_pair("ensemble", "ExtraTrees"),
    **_pair("ensemble", "GradientBoosting"),
    **_pair("tree", "DecisionTree"),
    **_pair("neighbors", "KNeighbors", scale=True),
    "LinearRegression": KnownEstimator("sklearn.linear_model", "regression", scale=True),
    "Ridge": KnownEstimator("sklearn.linear_model", "regression", scale=True),
    "Lasso": KnownEstimator("sklearn.linear_model", "regression", scale=True),
    "ElasticNet": KnownEstimator("sklearn.linear_model", "regression", scale=True),
    "SVR": KnownEstimator("sklearn.svm", "regression", scale=True),
    "LogisticRegression": KnownEstimator("sklearn.linear_model", "classification", scale=True),
    "RidgeClassifier": KnownEstimator("sklearn.linear_model", "classification", scale=True),
    "SVC": KnownEstimator("sklearn.svm", "classification", scale=True),
    "LinearSVC": KnownEstimator("sklearn.svm", "classification", scale=True),
    "GaussianNB": KnownEstimator("sklearn.naive_bayes", "classification", takes_text=False),
    "XGBRegressor": KnownEstimator(
        "ml.model.boosting", "regression", takes_missing=True, library="xgboost"
    ),
    "XGBClassifier": KnownEstimator(
        "ml.model.boosting", "classification", takes_missing=True, library="xgboost"
    ),
}


def make_estimator(name: str, task: str, hyperparameters: Mapping[str, Any], seed: int) -> Any:
    """The estimator, not yet fitted; raise HyperparameterError listing every hyperparameter refused."""
    estimator, problems = try_estimator(name, task, hyperparameters, seed)
    refuse(problems)
    return estimator


def try_estimator(
    name: str, task: str, hyperparameters: Mapping[str, Any], seed: int
) -> tuple[Any, list[str]]:
    """The estimator with the hyperparameters it takes, and what is wrong with the others."""
    estimator_class = find_estimator(name, task)
    names, constraints = parameters_of(estimator_class)
    values, problems = read_hyperparameters(name, hyperparameters, names, constraints)
    if "random_state" in names:
        values.setdefault("random_state", seed)
    return estimator_class(**values), problems


def find_estimator(name: str, task: str) -> Any:
    known = ESTIMATORS.get(name)
    allowed = [known_name for known_name, other in ESTIMATORS.items() if other.task == task]
    if known is None or known.task != task:
        why = "unknown estimator" if known is None else f"estimator for {known.task}, not {task}"
        raise HyperparameterError(
            f"model.estimator: {why} {shown(name)}{did_you_mean(name, allowed)}; expected one of "
            f"{', '.join(allowed)}."
        )
    try:
        return getattr(importlib.import_module(known.module), name)
    except ImportError as error:
        if not known.library or error.name != known.library:
            raise
        others = [other for other in allowed if not ESTIMATORS[other].library]
        raise HyperparameterError(
            f"model.estimator: {name} needs the library {known.library}, which is not installed here. "
            "The prebuilt scikit-learn image lacks it: set ImageTag in config/manifest.json to an image "
            f"of this project, or choose one of {', '.join(others)}."
        ) from error


def parameters_of(estimator_class: Any) -> tuple[Iterable[str], Mapping[str, Any]]:
    """The names of its hyperparameters, and scikit-learn's constraints on their values."""
    constraints = getattr(estimator_class, "_parameter_constraints", None)
    if constraints is None:  # not of scikit-learn
        constraints = importlib.import_module("ml.model.boosting").constraints_of(estimator_class)
        return constraints, constraints
    return estimator_class().get_params(deep=False), constraints


def settings_of(estimator: Any) -> dict[str, Any]:
    """Every hyperparameter with its value, as JSON can hold it."""
    return {key: as_json(value) for key, value in sorted(estimator.get_params(deep=False).items())}
