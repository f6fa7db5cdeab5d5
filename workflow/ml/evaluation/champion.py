"""The champion: the model now in production, measured beside the new one on the same held-out rows.

The job gets it as a folder with the version's model.tar.gz, and its sha256 from the model registry. Where
there is no champion the folder holds none.json, which says why. A champion that cannot be loaded or was
made for other features is no reason to fail, since a use case may change; the report says so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.config.use_case import Column, UseCase
from ml.errors import JobError
from ml.model.artifact import LoadedModel, load_model
from ml.model.metrics import INTERVAL_LEVEL, PAIRED_RESAMPLES, class_codes, difference_interval
from ml.model.model_files import ARCHIVE, MODEL_FILE, Recorded
from ml.model.scoring import Predictions
from ml.model.threads import limited_threads

NONE_FILE = "none.json"


class NotComparableError(JobError):
    """The champion cannot be measured on these rows; the message says why."""


@dataclass(frozen=True)
class Champion:
    """Where the champion is, and what the registry says about it."""

    folder: Path
    package: str = ""  # ARN of the version; empty by hand
    sha256: str = ""  # of its model.tar.gz


def compare(
    champion: Champion,
    frame: pd.DataFrame,
    use_case: UseCase,
    challenger: Predictions,
    lineage: dict[str, Any],
) -> dict[str, Any]:
    """What evaluation.json says about the champion; `status` is none, compared or not compared."""
    found = {"status": "none", "model_package": champion.package}
    if not any((champion.folder / name).is_file() for name in (ARCHIVE, MODEL_FILE)):
        reason = _absent(champion.folder)
        return {**found, "status": "not compared" if champion.package else "none", "reason": reason}
    try:
        model = _load(champion)
        measured = _difference(_predict(model, frame, use_case), challenger, use_case)
        origin = _origin(model, lineage)
    except JobError as error:
        return {**found, "status": "not compared", "reason": str(error)}
    except Exception as error:  # another version's file may fail in any way when it is used
        reason = f"it cannot be used here: {type(error).__name__}: {error}"
        return {**found, "status": "not compared", "reason": reason}
    return {**found, "status": "compared", **origin, **measured}


def _absent(folder: Path) -> str:
    try:
        return str(json.loads((folder / NONE_FILE).read_text(encoding="utf-8"))["reason"])
    except (OSError, ValueError, KeyError, TypeError):
        return "no champion was given"


def _load(champion: Champion) -> LoadedModel:
    if champion.package and not champion.sha256:
        raise NotComparableError(
            "the model registry has no sha256 of its model.tar.gz (ModelSha256 among the version's "
            "metadata), and a model is not loaded without one"
        )
    return load_model(champion.folder, Recorded(archive=champion.sha256))


def _predict(model: LoadedModel, frame: pd.DataFrame, use_case: UseCase) -> npt.NDArray[Any]:
    """The champion's predictions, by its own list of features; labels as positions in the new model's."""
    own = model.use_case
    if (own.task, own.target) != (use_case.task, use_case.target):
        raise NotComparableError(
            f"it is a {own.task} of {own.target}, the new model a {use_case.task} of {use_case.target}"
        )
    here = {column.name: column for column in use_case.features}
    problems = [_mismatch(column, here.get(column.name)) for column in own.features]
    if not set(own.target_column.values) <= set(use_case.target_column.values):
        problems.append(f"{own.target}: it knows {', '.join(own.target_column.values)}")
    found = [problem for problem in problems if problem]
    if found:
        raise NotComparableError(f"it was made for other data: {'; '.join(found[:5])}")
    with limited_threads(frame.size):
        predicted = np.asarray(model.pipeline.predict(frame[own.feature_names]))
    if use_case.task == "regression":
        return predicted.astype(np.float64)
    return class_codes(predicted, use_case.target_column.values)


def _mismatch(wanted: Column, here: Column | None) -> str:
    if here is None:
        return f"{wanted.name}: not a feature any more"
    if wanted.type != here.type:
        return f"{wanted.name}: it takes a {wanted.type}, the data has a {here.type}"
    new = [value for value in here.values if value not in wanted.values]
    if new:
        return f"{wanted.name}: it does not know {', '.join(new[:5])}"
    if here.maximum_missing_share > 0 and wanted.maximum_missing_share == 0:
        return f"{wanted.name}: it takes no empty cells"
    return ""


def _origin(model: LoadedModel, lineage: dict[str, Any]) -> dict[str, Any]:
    own = model.card["lineage"]
    same = own["split"]["train"] == lineage["split"]["train"]
    return {
        "sha256": model.sha256.archive,
        "training_job": own["training_job"],
        "code_version": own["code_version"],
        "dataset_sha256": own["dataset"]["sha256"],
        # If not, it may have seen some of these rows; only few, since the split depends on the values.
        "same_training_rows": same,
    }


def _difference(
    predicted: npt.NDArray[Any], challenger: Predictions, use_case: UseCase
) -> dict[str, Any]:
    """The challenger's metric minus the champion's, and how much of it may be chance."""
    name = use_case.metric.name
    metrics = challenger.metrics(challenger.actual, predicted)
    if not np.isfinite(metrics[name]):
        raise NotComparableError(f"its {name} on these rows is not a number")
    value = challenger.values()[name]
    difference = value - metrics[name]
    low, high = difference_interval(
        challenger.metric(name),
        challenger.actual,
        challenger.predicted,
        predicted,
        use_case.split.seed,
    )
    return {
        "metric": name,
        "rows": len(predicted),
        "value": metrics[name],
        "challenger": value,
        "difference": difference,
        "interval": {
            "level": INTERVAL_LEVEL,
            "low": low,
            "high": high,
            "resamples": PAIRED_RESAMPLES,
        },
        # How much worse the challenger is, whichever direction is better.
        "regression": -difference if use_case.metric.direction == "maximize" else difference,
        "metrics": metrics,
    }
