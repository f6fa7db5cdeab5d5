"""Hyperparameters that are checked by name and type before anything is trained.

SageMaker hands hyperparameters over as strings. scikit-learn publishes what each parameter may be, so a
string becomes the first of its readings (JSON, then Python's None/True/False, then plain text) that fits.
"""

from __future__ import annotations

import contextlib
import difflib
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from sklearn.utils._param_validation import (
    InvalidParameterError,
    validate_parameter_constraints,
)

from ml.config.cells import shown
from ml.errors import JobError


class HyperparameterError(JobError):
    """The estimator or its hyperparameters cannot be used; lists every problem."""


def refuse(problems: list[str]) -> None:
    if problems:
        raise HyperparameterError(
            f"{len(problems)} hyperparameter(s) refused; correct model.hyperparameters in the use case "
            f"or TrainingHyperParameters in the manifest. " + ". ".join(problems)
        )


def read_hyperparameters(
    owner: str,
    given: Mapping[str, Any],
    names: Iterable[str],
    constraints: Mapping[str, Any],
    prefix: str = "",
) -> tuple[dict[str, Any], list[str]]:
    """The values of those that `owner` takes, and what is wrong with the others."""
    known = list(names)
    values: dict[str, Any] = {}
    problems: list[str] = []
    for key, raw in given.items():
        if key not in known:
            problems.append(
                f"{prefix}{key}: {owner} has no such hyperparameter{did_you_mean(key, known)}; "
                f"expected one of {', '.join(known)}"
            )
            continue
        try:
            values[key] = parse_hyperparameter(owner, key, raw, constraints)
        except ValueError as error:
            problems.append(f"{prefix}{key}: {error}")
    return values, problems


def parse_hyperparameter(owner: str, key: str, raw: Any, constraints: Mapping[str, Any]) -> Any:
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
            validate_parameter_constraints({key: constraints[key]}, {key: value}, owner)
        except InvalidParameterError as error:
            complaint = complaint or _complaint(str(error), raw)
        else:
            return value
    raise ValueError(complaint)


def _readings(raw: Any) -> list[Any]:
    """What a hyperparameter may mean, the likeliest first."""
    readings: list[Any] = []
    if isinstance(raw, str):
        with contextlib.suppress(ValueError):
            readings.append(json.loads(raw, parse_constant=_no_constant))
        words = {"None": None, "True": True, "False": False}
        if raw in words:
            readings.append(words[raw])
    readings.append(raw)
    # JSON has no tuples, and scikit-learn takes no list where it wants one.
    return readings + [tuple(reading) for reading in readings if isinstance(reading, list)]


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not a number")


def _complaint(message: str, raw: Any) -> str:
    """scikit-learn: "The 'x' parameter of Y must be an int in the range [1, inf). Got 'a' instead."."""
    _, _, rest = message.partition(" must be ")
    expected, separator, _ = rest.rpartition(" Got ")
    if not separator:
        return f"found {shown(raw)}: {message}"
    return f"found {shown(raw)}, expected {expected.rstrip('.')}"


def did_you_mean(name: str, allowed: list[str]) -> str:
    folded = {known.casefold(): known for known in allowed}
    near = difflib.get_close_matches(name.casefold(), folded, n=1)
    return f" (did you mean {folded[near[0]]}?)" if near else ""


def as_json(value: Any) -> Any:
    """A hyperparameter's value as JSON can hold it."""
    if isinstance(value, tuple):
        return [as_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    return value if isinstance(value, (str, int, float, bool, list, type(None))) else repr(value)
