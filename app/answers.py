"""What a model says of a text, and the error that a person sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class AppError(Exception):
    """Raised when there is no answer. The message is shown on the page, and says what to do."""


@dataclass(frozen=True)
class ModelFacts:
    """What the page says of the model before anybody asks it."""

    version: str  # in the model registry, or what a file says of itself
    allowed: str  # "a text of 3 to 5000 characters"


@dataclass(frozen=True)
class Sentiment:
    label: str
    probabilities: Mapping[str, float]  # empty where the estimator knows none
    version: str
    variant: str = ""  # of the endpoint; empty for a model file
    inference_id: str = ""  # of a captured request; empty for a model file

    @property
    def probability(self) -> float | None:
        """How sure the model is of its label."""
        return self.probabilities.get(self.label)

    def other_labels(self, labels: tuple[str, ...]) -> tuple[str, ...]:
        """What else the answer could have been."""
        return tuple(label for label in labels if label != self.label)

    @classmethod
    def read(
        cls, prediction: Any, version: str, variant: str = "", inference_id: str = ""
    ) -> Sentiment:
        """From {"label": ..., "probabilities": {...}}, the answer of a classification."""
        if not isinstance(prediction, dict) or "label" not in prediction:
            raise AppError(
                f"The model answers {str(prediction)[:40]!r}, which is no label. The app needs a "
                "classification: look at USE_CASE."
            )
        shares = prediction.get("probabilities") or {}
        probabilities = {str(label): float(share) for label, share in shares.items()}
        return cls(str(prediction["label"]), probabilities, version, variant, inference_id)


class Model(Protocol):
    """What the page needs of a model."""

    def describe(self) -> ModelFacts: ...

    def predict(self, text: str) -> Sentiment: ...
