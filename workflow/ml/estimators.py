"""Estimators by name, and hyperparameters that are checked by name and type before anything is trained.

SageMaker hands hyperparameters over as strings. scikit-learn publishes what each parameter may be, so a
string becomes the first of its readings (JSON, then Python's None/True/False, then plain text) that fits.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sklearn.utils._param_validation import (
    InvalidParameterError,
    validate_parameter_constraints,
)

from ml.cells import shown
from ml.errors import JobError


class HyperparameterError(JobError):
    """The estimator or its hyperparameters cannot be used; lists every problem."""


@dataclass(frozen=True)
class KnownEstimator:
    module: str
    task: str
    scale: bool = False  # distances or penalties: features must be of similar size
    takes_missing: bool = False  # handles empty numbers itself


def _pair(module: str, stem: str, **traits: bool) -> dict[str, KnownEstimator]:
    return {
        f"{stem}{suffix}": KnownEstimator(f"sklearn.{module}", task, **traits)
        for suffix, task in (("Regressor", "regression"), ("Classifier", "classification"))
    }


ESTIMATORS: dict[str, KnownEstimator] = {
    **_pair("ensemble", "HistGradientBoosting", takes_missing=True),
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
    "GaussianNB": KnownEstimator("sklearn.naive_bayes", "classification"),
}


def make_estimator(name: str, task: str, hyperparameters: Mapping[str, Any], seed: int) -> Any:
    """The estimator, not yet fitted; raise HyperparameterError listing every hyperparameter refused."""
    known = ESTIMATORS.get(name)
    if known is None or known.task != task:
        allowed = [known_name for known_name, other in ESTIMATORS.items() if other.task == task]
        why = "unknown estimator" if known is None else f"estimator for {known.task}, not {task}"
        raise HyperparameterError(
            f"model.estimator: {why} {shown(name)}{_did_you_mean(name, allowed)}; expected one of "
            f"{', '.join(allowed)}."
        )
    estimator_class = getattr(importlib.import_module(known.module), name)
    parameters = estimator_class().get_params(deep=False)
    constraints = estimator_class._parameter_constraints
    values: dict[str, Any] = {}
    problems: list[str] = []
    for key, raw in hyperparameters.items():
        if key not in parameters:
            problems.append(
                f"{key}: {name} has no such hyperparameter{_did_you_mean(key, list(parameters))}; "
                f"expected one of {', '.join(parameters)}"
            )
            continue
        try:
            values[key] = parse_hyperparameter(name, key, raw, constraints)
        except ValueError as error:
            problems.append(f"{key}: {error}")
    if problems:
        raise HyperparameterError(
            f"{len(problems)} hyperparameter(s) refused; correct model.hyperparameters in the use case "
            f"or TrainingHyperParameters in the manifest. " + ". ".join(problems)
        )
    if "random_state" in parameters:
        values.setdefault("random_state", seed)
    return estimator_class(**values)


def parse_hyperparameter(estimator: str, key: str, raw: Any, constraints: Mapping[str, Any]) -> Any:
    """The reading of `raw` that scikit-learn accepts for this parameter; ValueError with its words."""
    readings = _readings(raw)
    if key not in constraints or constraints[key] == "no_validation":
        return readings[0]
    complaint = ""
    for value in readings:
        if isinstance(value, bool) and "boolean" not in constraints[key]:
            # Python's True counts as the integer 1: never what was meant.
            complaint = complaint or f"found {shown(raw)}, expected anything but true or false"
            continue
        try:
            validate_parameter_constraints({key: constraints[key]}, {key: value}, estimator)
        except InvalidParameterError as error:
            complaint = complaint or _complaint(str(error), raw)
        else:
            return value
    raise ValueError(complaint)


def _readings(raw: Any) -> list[Any]:
    """What a hyperparameter may mean, the likeliest first."""
    if not isinstance(raw, str):
        return [raw]
    readings: list[Any] = []
    with contextlib.suppress(ValueError):
        readings.append(json.loads(raw, parse_constant=_no_constant))
    words = {"None": None, "True": True, "False": False}
    if raw in words:
        readings.append(words[raw])
    readings.append(raw)
    return readings


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not a number")


def _complaint(message: str, raw: Any) -> str:
    """scikit-learn: "The 'x' parameter of Y must be an int in the range [1, inf). Got 'a' instead."."""
    _, _, rest = message.partition(" must be ")
    expected, separator, _ = rest.rpartition(" Got ")
    if not separator:
        return f"found {shown(raw)}: {message}"
    return f"found {shown(raw)}, expected {expected.rstrip('.')}"


def _did_you_mean(name: str, allowed: list[str]) -> str:
    near = difflib.get_close_matches(name, allowed, n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def settings_of(estimator: Any) -> dict[str, Any]:
    """Every hyperparameter with its value, as JSON can hold it."""
    return {
        key: value if isinstance(value, (str, int, float, bool, list, type(None))) else repr(value)
        for key, value in sorted(estimator.get_params(deep=False).items())
    }
