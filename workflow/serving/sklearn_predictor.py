"""The fallback: the Pipeline itself, for a model that could not be exported or not with equal predictions."""

from __future__ import annotations

import os
from pathlib import Path

# Read when scikit-learn is imported: one worker per core, one thread per worker.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from ml.inference.answers import respond
from ml.model.artifact import load_model


class SklearnPredictor:
    """Predicts with model.joblib, through the functions the prebuilt image calls."""

    def __init__(self, folder: Path) -> None:
        self._model = load_model(folder)

    def respond(
        self, body: bytes, content_type: str | None, accept: str | None
    ) -> tuple[str, bytes]:
        return respond(self._model, body, content_type, accept)
