"""Which charts the report has for a model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ml.config.use_case import UseCase
from ml.evaluation import charts
from ml.evaluation.importance import Importance
from ml.model.scoring import Predictions

PLOTTED_ROWS = 2_000
SHOWN_FEATURES = 30  # the words are at most as many

Plot = tuple[str, str]


def plots(
    use_case: UseCase, predictions: Predictions, importances: Importance, words: Importance | None
) -> Iterator[Plot]:
    """Each chart with its caption."""
    if predictions.classes:
        yield from _of_labels(predictions, use_case.target)
    else:
        yield from _of_numbers(use_case, predictions)
    score = "accuracy" if predictions.classes else "r2"
    yield (
        _bars(importances, f"loss of {score} when the feature is shuffled"),
        "Which features the model relies on (permutation importance on held-out rows; the line is a "
        "standard deviation to either side).",
    )
    if words is not None:
        second = f"a higher {use_case.target}"
        if predictions.classes:
            second = f"{use_case.target} {predictions.classes[1]}"
        yield (
            _bars(words, f"weight: above 0 for {second}"),
            f"The words that speak most for {second}, and most against it.",
        )


def _bars(importances: Importance, label: str) -> str:
    shown = slice(SHOWN_FEATURES)
    return charts.bars(
        importances.names[shown], importances.values[shown], importances.deviations[shown], label
    )


def _of_labels(predictions: Predictions, target: str) -> Iterator[Plot]:
    yield (
        charts.confusion(predictions.confusion(), predictions.classes, target),
        "Confusion matrix: a row is an actual label, a column a predicted one.",
    )
    if predictions.probabilities is not None:
        # Not always the highest one: an SVC predicts without looking at its probabilities.
        confidence = predictions.probabilities[
            np.arange(len(predictions.predicted)), predictions.predicted
        ]
        right = predictions.actual == predictions.predicted
        yield (
            charts.calibration(confidence, right),
            "Calibration: is the model right as often as it is sure? Above the dashed line it is right "
            "more often than it says, below less often. The bars show where most rows are.",
        )
    found = predictions.curves()
    if found is not None:
        yield (
            charts.roc(found.false_positive_rates, found.true_positive_rates),
            f"ROC: the share of the rows of {target} {predictions.classes[1]} that is found, over the share "
            f"of the others that is taken for them. The area below is {found.auc:.3f}; 0.5 is guessing, "
            "1 is perfect.",
        )


def _of_numbers(use_case: UseCase, predictions: Predictions) -> Iterator[Plot]:
    sample = np.random.default_rng(use_case.model.seed).permutation(len(predictions.actual))
    sample = sample[:PLOTTED_ROWS]
    actual, predicted = predictions.actual[sample], predictions.predicted[sample]
    name = use_case.target
    yield (
        charts.predicted_against_actual(actual, predicted, name),
        f"Each point is a held-out row ({len(sample):,} shown); on the line the prediction is right.",
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
