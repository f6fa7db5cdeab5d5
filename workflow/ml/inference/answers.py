"""Predictions for a request, and their form: CSV, JSON or JSON lines."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ml.errors import NotAcceptableError
from ml.inference.requests import CONTENT_TYPES, CSV, JSON, JSON_LINES, Rows, decode, features_of

if TYPE_CHECKING:  # our own server encodes its answers here too, and starts without joblib
    from ml.model.artifact import LoadedModel


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
    features = features_of(rows, model.use_case)
    predicted = model.pipeline.predict(features)
    if model.use_case.task == "regression":
        return Answer(np.asarray(predicted, dtype=np.float64).tolist())
    labels = [str(label) for label in predicted]
    if not hasattr(model.pipeline, "predict_proba"):
        return Answer(labels, model.use_case.target_column.values)
    probabilities = model.pipeline.predict_proba(features).tolist()
    return Answer(labels, tuple(str(label) for label in model.pipeline.classes_), probabilities)


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


def accepted(accept: str | None) -> str:
    """The first content type of the Accept header that can be given; JSON when all are welcome."""
    wanted = [part.partition(";")[0].strip().lower() for part in (accept or "*/*").split(",")]
    for kind in wanted:
        if kind in ("*/*", "application/*", ""):
            return JSON
        if kind == "text/*":
            return CSV
        if kind in (CSV, JSON, JSON_LINES):
            return kind
    raise NotAcceptableError(
        f"Accept {accept!r} cannot be given; expected one of {', '.join(CONTENT_TYPES)}."
    )
