"""The toolkit's default input_fn, predict_fn and output_fn: CSV, JSON and NPY."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np


class UnsupportedFormatError(Exception):
    """A content type (415) or an Accept (406) that has no default."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


_KNOWN = "text/csv, application/json, application/x-npy"


def input_fn(body: Any, content_type: str) -> Any:
    """A request body as an array of rows."""
    if content_type == "text/csv":
        return np.genfromtxt(io.StringIO(body), dtype=np.float32, delimiter=",", ndmin=2)
    if content_type == "application/json":
        return np.asarray(json.loads(body), dtype=np.float32)
    if content_type == "application/x-npy":
        return np.load(io.BytesIO(body), allow_pickle=False)
    raise UnsupportedFormatError(
        415, f"content type {content_type!r} is not supported; send one of {_KNOWN}"
    )


def predict_fn(data: Any, model: Any) -> Any:
    """The model's predictions."""
    return model.predict(data)


def output_fn(prediction: Any, accept: str) -> tuple[Any, str]:
    """Predictions in the format the client accepts."""
    array = np.asarray(prediction)
    if accept == "text/csv":
        stream = io.StringIO()
        np.savetxt(stream, np.atleast_1d(array), delimiter=",", fmt="%s")
        return stream.getvalue(), accept
    if accept == "application/json":
        return json.dumps(array.tolist()), accept
    if accept == "application/x-npy":
        buffer = io.BytesIO()
        np.save(buffer, array)
        return buffer.getvalue(), accept
    raise UnsupportedFormatError(
        406, f"Accept {accept!r} is not supported; ask for one of {_KNOWN}"
    )
