"""Predictions for a request, and their form: CSV, JSON or JSON lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import numpy.typing as npt

from ml.errors import InvalidRequestError
from ml.inference.arrays import features_of
from ml.inference.requests import CSV, JSON, Rows, accepted, decode, listed

# Our own server encodes its answers here too, and starts without pandas and joblib.
if TYPE_CHECKING:
    import pandas as pd

    from ml.model.artifact import LoadedModel


class NoAnswerError(InvalidRequestError):
    """Rows that are right, and for which the model has no answer: their values are too large for it.

    `reasons` are by the number of the row in the request, and go on behind "row 2".
    """

    def __init__(self, reasons: Mapping[int, str]) -> None:
        super().__init__(f"{listed([f'row {n}{text}' for n, text in reasons.items()])}.")
        self.reasons = reasons


@dataclass(frozen=True)
class Answer:
    """A number or a label a row; for labels the probabilities too, where the estimator knows them."""

    predictions: list[Any]
    labels: tuple[str, ...] = ()
    probabilities: list[list[float]] | None = None


def respond(
    model: LoadedModel, body: str | bytes, content_type: str | None, accept: str | None
) -> tuple[str, bytes]:
    """The content type and the body of the answer; raise InvalidRequestError to refuse."""
    text, kind = encode(answer(decode(body, content_type), model), accept)
    return kind, text.encode()


def answer(rows: Rows, model: LoadedModel) -> Answer:
    """Predict; raise InvalidRequestError for rows whose values are too large for the model."""
    features = features_of(rows, model.use_case)
    with np.errstate(over="ignore", invalid="ignore"):  # found in the predictions
        try:
            predicted = model.pipeline.predict(features)
        except ValueError as error:
            _refuse_too_large(features, error)
        if model.use_case.task == "regression":
            values = np.asarray(predicted, dtype=np.float64)
            refuse_overflow([values])
            return Answer(values.tolist())
        labels = [str(label) for label in predicted]
        if not hasattr(model.pipeline, "predict_proba"):
            return Answer(labels, model.use_case.target_column.values)
        probabilities = model.pipeline.predict_proba(features)
    refuse_overflow([probabilities.sum(axis=1)])
    classes = tuple(str(label) for label in model.pipeline.classes_)
    return Answer(labels, classes, probabilities.tolist())


def _refuse_too_large(features: pd.DataFrame, error: ValueError) -> NoReturn:
    """Say which row has a number that the trees of scikit-learn do not take."""
    reasons: dict[int, str] = {}
    largest = np.finfo(np.float32).max
    for name in features.columns:
        if features[name].dtype == np.float64:
            values = features[name].to_numpy()
            for row in np.flatnonzero(np.abs(values) > largest).tolist():
                why = "which single precision cannot hold, and the model computes in it"
                reasons[row + 1] = f", column {name}: found {values[row]:g}, {why}"
    if not reasons:
        raise error
    raise NoAnswerError(dict(sorted(reasons.items()))) from error


def refuse_overflow(chunks: Sequence[npt.NDArray[np.float64]]) -> None:
    """Raise NoAnswerError where a prediction is infinite or not a number; `chunks` are the rows in order."""
    reasons: dict[int, str] = {}
    first = 1
    for values in chunks:
        for row in np.flatnonzero(~np.isfinite(values)).tolist():
            why = "which no answer can hold; the row's values are too large for the model"
            reasons[first + row] = f": the prediction is {values[row]}, {why}"
        first += len(values)
    if reasons:
        raise NoAnswerError(reasons)


def encode(result: Answer, accept: str | None) -> tuple[str, str]:
    """The body of the answer and its content type."""
    kind = accepted(accept)
    if kind == CSV:
        lines = io.StringIO()
        csv.writer(lines, lineterminator="\n").writerows([value] for value in result.predictions)
        return lines.getvalue(), kind
    items = _items(result)
    if kind == JSON:
        return json.dumps({"predictions": items}), kind
    return "".join(json.dumps(item) + "\n" for item in items), kind


def _items(result: Answer) -> list[Any]:
    if not result.labels:
        return result.predictions
    if result.probabilities is None:
        return [{"label": label} for label in result.predictions]
    return [
        {"label": label, "probabilities": dict(zip(result.labels, shares, strict=True))}
        for label, shares in zip(result.predictions, result.probabilities, strict=True)
    ]
