"""Which charts the report has for a model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ml import charts
from ml.importance import Importance
from ml.scoring import Predictions
from ml.use_case import UseCase

PLOTTED_ROWS = 2_000
SHOWN_FEATURES = 30  # the words are at most as many

Plot = tuple[str, str]


def plots(
    use_case: UseCase, predictions: Predictions, importances: Importance, words: Importance | None
) -> Iterator[Plot]:
    """Each chart with its caption."""
    if predictions.classes:
        yield from _of_labels(predictions)
    else:
        yield from _of_numbers(use_case, predictions)
    yield (
        _bars(importances, "loss of score when the feature is shuffled"),
        "Which features the model relies on (permutation importance, held-out rows).",
    )
    if words is not None:
        second = predictions.classes[1] if predictions.classes else "a higher number"
        yield (
            _bars(words, f"weight: positive speaks for {second}"),
            f"The words that speak most for {second}, and most against it.",
        )


def _bars(importances: Importance, label: str) -> str:
    shown = slice(SHOWN_FEATURES)
    return charts.bars(
        importances.names[shown], importances.values[shown], importances.deviations[shown], label
    )


def _of_labels(predictions: Predictions) -> Iterator[Plot]:
    yield (
        charts.confusion(predictions.confusion(), predictions.classes),
        "Confusion matrix: a row is an actual label, a column a predicted one.",
    )
    if predictions.probabilities is not None:
        confidence = predictions.probabilities.max(axis=1)
        right = predictions.actual == predictions.predicted
        yield (
            charts.calibration(confidence, right),
            "Calibration: is the model right as often as it is sure? The bars count the rows.",
        )
    found = predictions.curves()
    if found is not None:
        yield (
            charts.roc(found.false_positive_rates, found.true_positive_rates),
            f"What each threshold finds of {predictions.classes[1]}, and what it takes for it wrongly "
            f"(ROC; the area below is {found.auc:.3f}).",
        )


def _of_numbers(use_case: UseCase, predictions: Predictions) -> Iterator[Plot]:
    sample = np.random.default_rng(use_case.model.seed).permutation(len(predictions.actual))
    sample = sample[:PLOTTED_ROWS]
    actual, predicted = predictions.actual[sample], predictions.predicted[sample]
    name = use_case.target
    yield (
        charts.predicted_against_actual(actual, predicted, name),
        f"Each point is a held-out row ({len(sample)} shown); on the line the prediction is right.",
    )
    yield (
        charts.residuals(predicted, actual - predicted, name),
        "Residuals: a shape in this cloud is something the model has not learned.",
    )
    yield (
        charts.histogram(predictions.actual - predictions.predicted, "actual - predicted"),
        "Distribution of the residuals over all held-out rows.",
    )
    yield (
        charts.steps(predictions.actual, predictions.predicted, name),
        "Calibration: the mean of the actual values over that of the predictions, in ten groups of "
        "equally many rows.",
    )
