"""Predictions as a body: what ml.inference.answers.encode writes, with fewer Python objects per row."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from ml.inference.answers import refuse_overflow
from ml.inference.requests import CSV, JSON

_LINE = orjson.OPT_APPEND_NEWLINE


@dataclass(frozen=True)
class Predicted:
    """Values of a regression; or positions in the classes, and probabilities where the estimator has them."""

    values: npt.NDArray[Any]
    probabilities: npt.NDArray[np.float64] | None = None

    @property
    def checked(self) -> npt.NDArray[Any]:
        """One number per row, which is not finite where the model overflowed."""
        return self.values if self.probabilities is None else self.probabilities.sum(axis=1)


class Writer:
    """Writes the predictions of one model."""

    def __init__(self, classes: list[str] | None) -> None:
        self._classes = classes
        self._lines = [_csv_line(name) for name in classes or ()]

    def write(self, chunks: list[Predicted], kind: str) -> bytes:
        """The body; raise InvalidRequestError for rows so extreme that the model overflows on them."""
        if kind == CSV:
            body = b"".join(map(self._csv, chunks))
        else:
            listed = map(self._items, chunks)
            items = next(listed) if len(chunks) == 1 else list(chain.from_iterable(listed))
            if kind == JSON:
                body = b'{"predictions":' + orjson.dumps(items) + b"}"
            else:
                body = b"".join([orjson.dumps(item, None, _LINE) for item in items])
        # orjson makes null of infinity and NaN (or it is a label); a CSV line shows no probability.
        if b"null" in body or (kind == CSV and self._classes is not None):
            refuse_overflow([chunk.checked for chunk in chunks])
        return body

    def _csv(self, chunk: Predicted) -> bytes:
        if self._classes is not None:
            return b"".join([self._lines[position] for position in chunk.values.tolist()])
        return orjson.dumps(chunk.values.tolist())[1:-1].replace(b",", b"\n") + b"\n"

    def _items(self, chunk: Predicted) -> list[Any]:
        values: list[Any] = chunk.values.tolist()
        if self._classes is None:
            return values
        names = self._classes
        if chunk.probabilities is None:
            return [{"label": names[position]} for position in values]
        return [
            {"label": names[position], "probabilities": dict(zip(names, shares, strict=True))}
            for position, shares in zip(values, chunk.probabilities.tolist(), strict=True)
        ]


def _csv_line(name: str) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([name])
    return line.getvalue().encode()
