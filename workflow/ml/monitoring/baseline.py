"""baseline.json: what later traffic is compared with. Written by evaluate, read by drift.

Features are those of the training rows, as the profile counts them. Predictions and the metric are those of
the held-out rows: on its training rows a model does better than on any other.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import ceil, floor, log10
from pathlib import Path
from typing import Any

import numpy as np

from ml.config.use_case import Column, UseCase
from ml.data.statistics import numbers_statistics
from ml.data.vocabulary import Vocabulary
from ml.errors import JobError
from ml.evaluation.evidence import Metrics
from ml.model.scoring import Predictions

BASELINE_FILE = "baseline.json"
VERSION = 1
# Each text column is compared as three numbers.
TEXT_PARTS = ("characters", "words", "known words")


@dataclass(frozen=True)
class NumberBaseline:
    """Counts between `edges`, open at both ends, and the range of the values, rounded outwards."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    missing: int
    low: float
    high: float

    @property
    def rows(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True)
class CategoryBaseline:
    counts: dict[str, int]
    missing: int

    @property
    def rows(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class TextBaseline:
    parts: dict[str, NumberBaseline]
    vocabulary: Vocabulary


ColumnBaseline = NumberBaseline | CategoryBaseline | TextBaseline


@dataclass(frozen=True)
class Quality:
    """The metric of the use case on the held-out rows."""

    metric: str
    direction: str
    value: float
    standard_deviation: float
    rows: int


@dataclass(frozen=True)
class Baseline:
    use_case: str
    rows: int  # of the training
    columns: dict[str, ColumnBaseline]
    prediction: NumberBaseline | CategoryBaseline
    quality: Quality
    model_sha256: str


def make_baseline(
    profile: dict[str, Any],
    use_case: UseCase,
    predictions: Predictions,
    metrics: Metrics,
    model_sha256: str,
) -> dict[str, Any]:
    name = use_case.metric.name
    return {
        "version": VERSION,
        "use_case": use_case.name,
        "rows": profile["split"]["train"]["rows"],
        "model_sha256": model_sha256,
        "columns": {
            column.name: _column(column, profile["columns"][column.name])
            for column in use_case.features
        },
        "prediction": _prediction(predictions),
        "quality": {
            "metric": name,
            "direction": use_case.metric.direction,
            **metrics[name],
            "rows": len(predictions.actual),
        },
    }


def _column(column: Column, statistics: dict[str, Any]) -> dict[str, Any]:
    if column.is_number:
        return _number(statistics, statistics["missing"])
    if column.is_category:
        return {"counts": statistics["counts"], "missing": statistics["missing"]}
    vocabulary = statistics["vocabulary"]
    missing = statistics["missing"]
    return {
        "parts": {
            "characters": _number(statistics["characters"], missing),
            "words": _number(statistics["words"], missing),
            "known words": _number(vocabulary["known_share"], 0),
        },
        "vocabulary": vocabulary["hashes"],
    }


def _number(statistics: dict[str, Any], missing: int) -> dict[str, Any]:
    if "bins" not in statistics:  # no row has a value
        return {"edges": [], "counts": [0], "missing": missing, "low": None, "high": None}
    low, high = rounded_outwards(statistics["minimum"], statistics["maximum"])
    return {**statistics["bins"], "missing": missing, "low": low, "high": high}


def rounded_outwards(low: float, high: float) -> tuple[float, float]:
    """A little more than the range, with two digits of its width: no value of a row can be read from it."""
    width = high - low
    if not 1e-300 < width < 1e300:
        return low, high
    step = 10.0 ** (floor(log10(width)) - 1)
    return floor(low / step - 1) * step, ceil(high / step + 1) * step


def _prediction(predictions: Predictions) -> dict[str, Any]:
    if not predictions.classes:
        return _number(numbers_statistics(lambda: iter([predictions.predicted])), 0)
    counts = np.bincount(predictions.predicted, minlength=len(predictions.classes))
    return {"counts": dict(zip(predictions.classes, counts.tolist(), strict=True)), "missing": 0}


def load_baseline(folder: Path, use_case: UseCase) -> Baseline:
    path = folder / BASELINE_FILE
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise JobError(
            f"Cannot read {path}, which the evaluate job writes: {error}. A model of an older code version "
            "has none: train it again."
        ) from error
    found = (document.get("version"), document.get("use_case"))
    if found != (VERSION, use_case.name):
        raise JobError(
            f"{path} has version {found[0]!r} and use case {found[1]!r}, expected {VERSION} and "
            f"{use_case.name!r}. Compare traffic with the baseline of the model that answered it."
        )
    return Baseline(
        document["use_case"],
        document["rows"],
        {name: _read(column) for name, column in document["columns"].items()},
        _read_simple(document["prediction"]),
        Quality(**document["quality"]),
        document["model_sha256"],
    )


def _read(column: dict[str, Any]) -> ColumnBaseline:
    if "parts" in column:
        parts = {name: _read_number(part) for name, part in column["parts"].items()}
        return TextBaseline(parts, Vocabulary.decode(column["vocabulary"]))
    return _read_simple(column)


def _read_simple(column: dict[str, Any]) -> NumberBaseline | CategoryBaseline:
    if "edges" in column:
        return _read_number(column)
    return CategoryBaseline(column["counts"], column["missing"])


def _read_number(part: dict[str, Any]) -> NumberBaseline:
    low = -np.inf if part["low"] is None else part["low"]
    high = np.inf if part["high"] is None else part["high"]
    return NumberBaseline(tuple(part["edges"]), tuple(part["counts"]), part["missing"], low, high)
