"""Metrics against scikit-learn's, and their standard deviations against theory."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn import metrics as sk

from ml.model.metrics import (
    class_codes,
    classification_metrics,
    confusion_matrix,
    regression_metrics,
    standard_deviations,
)


def test_regression_metrics_are_scikit_learns():
    random = np.random.default_rng(0)
    actual = random.normal(size=300)
    predicted = actual + random.normal(scale=0.3, size=300)
    found = regression_metrics(actual, predicted)
    assert found["r2"] == pytest.approx(sk.r2_score(actual, predicted), abs=1e-12)
    assert found["mse"] == pytest.approx(sk.mean_squared_error(actual, predicted), abs=1e-12)
    assert found["mae"] == pytest.approx(sk.mean_absolute_error(actual, predicted), abs=1e-12)
    assert found["rmse"] == pytest.approx(math.sqrt(found["mse"]), abs=1e-12)


def test_equal_values_have_no_r2():
    assert math.isnan(regression_metrics(np.ones(5), np.ones(5))["r2"])


@pytest.mark.parametrize("size", [2, 3, 5])
def test_classification_metrics_are_scikit_learns(size):
    random = np.random.default_rng(size)
    actual = random.integers(0, size, 200)
    predicted = np.where(random.random(200) < 0.7, actual, random.integers(0, size, 200))
    found = classification_metrics(actual, predicted, size)
    weighted = sk.precision_recall_fscore_support(actual, predicted, average="weighted")
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(actual, predicted))
    names = ("weighted_precision", "weighted_recall", "weighted_f1")
    assert [found[name] for name in names] == pytest.approx(list(weighted[:3]))
    assert (
        confusion_matrix(actual, predicted, size) == sk.confusion_matrix(actual, predicted)
    ).all()
    if size == 2:
        assert found["f1"] == pytest.approx(sk.f1_score(actual, predicted))
        assert found["precision"] == pytest.approx(sk.precision_score(actual, predicted))
        assert found["recall"] == pytest.approx(sk.recall_score(actual, predicted))


def test_a_label_that_is_never_predicted_counts_as_zero():
    found = classification_metrics(np.array([0, 0, 1]), np.array([0, 0, 0]), 3)
    assert found["weighted_precision"] == pytest.approx(4 / 9)


def test_the_deviation_of_the_accuracy_is_that_of_a_proportion():
    random = np.random.default_rng(1)
    actual = random.integers(0, 2, 50_000)
    predicted = np.where(random.random(50_000) < 0.8, actual, 1 - actual)
    found = standard_deviations(
        lambda a, p: classification_metrics(a, p, 2), actual, predicted, seed=0
    )
    assert found["accuracy"] == pytest.approx(math.sqrt(0.8 * 0.2 / 50_000), rel=0.25)
    again = standard_deviations(
        lambda a, p: classification_metrics(a, p, 2), actual, predicted, seed=0
    )
    assert found == again


def test_labels_have_the_code_of_their_place():
    assert class_codes(np.array(["b", "a"]), ("a", "b")).tolist() == [1, 0]
