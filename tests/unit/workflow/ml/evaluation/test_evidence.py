"""evaluation.json in SageMaker's layout, its intervals and curves, against other ways to compute them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve, roc_auc_score

from ml.evaluation.evidence import in_sagemaker_layout, passes
from ml.model.metrics import RESAMPLED_ROWS, curves, difference_interval
from ml.model.scoring import Predictions


@pytest.fixture
def binary() -> Predictions:
    random = np.random.default_rng(0)
    actual = random.integers(0, 2, 500)
    score = np.clip(actual * 0.3 + random.random(500) * 0.7, 0, 1).round(2)  # with ties
    return Predictions(
        actual,
        (score > 0.5).astype(int),
        ("no", "yes"),
        np.column_stack([1 - score, score]),
    )


def test_the_area_under_the_curve_is_that_of_scikit_learn(binary):
    found = binary.curves()
    expected = roc_auc_score(binary.actual, binary.probabilities[:, 1])
    assert found.auc == pytest.approx(expected, abs=1e-12)
    assert 0 < found.auc_deviation < 0.05
    assert found.false_positive_rates[0] == found.true_positive_rates[0] == 0
    assert found.false_positive_rates[-1] == found.true_positive_rates[-1] == 1
    precision, recall, _ = precision_recall_curve(binary.actual, binary.probabilities[:, 1])
    pairs = set(zip(recall.round(9), precision.round(9), strict=True))
    for pair in zip(found.true_positive_rates[1:], found.precisions[1:], strict=True):
        assert tuple(np.round(pair, 9)) in pairs or pair[0] == 1


def test_one_label_alone_has_no_curve():
    assert curves(np.ones(5, bool), np.linspace(0, 1, 5)) is None


def test_a_long_curve_is_thinned():
    random = np.random.default_rng(0)
    found = curves(random.random(10_000) > 0.5, random.random(10_000))
    assert 100 < len(found.precisions) <= 200
    assert found.auc == pytest.approx(0.5, abs=0.02)


def test_binary_layout(binary):
    [(name, group)] = in_sagemaker_layout(
        {"accuracy": {"value": 0.5, "standard_deviation": 0.1}}, binary
    ).items()
    assert name == "binary_classification_metrics"
    assert sum(sum(row.values()) for row in group["confusion_matrix"].values()) == 500
    rates = {key: group[key]["value"] for key in group if key.endswith("_rate")}
    assert rates["true_positive_rate"] + rates["false_negative_rate"] == pytest.approx(1)
    assert rates["true_negative_rate"] + rates["false_positive_rate"] == pytest.approx(1)
    share = max(np.mean(binary.actual), 1 - np.mean(binary.actual))
    assert group["accuracy_best_constant_classifier"]["value"] == pytest.approx(share)
    assert set(group["receiver_operating_characteristic_curve"]) == {
        "false_positive_rates",
        "true_positive_rates",
    }
    assert len(group["precision_recall_curve"]["recalls"]) == len(
        group["precision_recall_curve"]["precisions"]
    )


def rmse(actual, predicted):
    return float(np.sqrt(np.mean((actual - predicted) ** 2)))


@pytest.mark.parametrize("rows", [500, 4 * RESAMPLED_ROWS])
def test_the_interval_is_that_of_theory(rows):
    """Of mean errors: the difference of means has a known deviation."""
    random = np.random.default_rng(1)
    actual = random.normal(size=rows)
    first = actual + random.normal(size=rows)
    second = first + random.normal(scale=0.1, size=rows)

    def mean_error(of, by):
        return float(np.mean(by - of))

    low, high = difference_interval(mean_error, actual, first, second, seed=0)
    whole = mean_error(actual, first) - mean_error(actual, second)
    deviation = np.std(first - second) / np.sqrt(rows)  # paired: what they share cancels out
    assert low < whole < high
    assert high - low == pytest.approx(2 * 1.96 * deviation, rel=0.12)


def test_the_interval_repeats():
    random = np.random.default_rng(1)
    actual, first, second = random.normal(size=(3, 300))
    once = difference_interval(rmse, actual, first, second, seed=3)
    assert difference_interval(rmse, actual, first, second, seed=3) == once
    assert difference_interval(rmse, actual, first, second, seed=4) != once


GATE = {
    "metric": "r2",
    "value": 0.8,
    "threshold": 0.8,
    "direction": "maximize",
    "rows": 9,
    "champion_compared": True,
    "champion_value": 0.85,
    "regression": 0.05,
    "max_regression": 0.05,
}


@pytest.mark.parametrize(
    ("changes", "passed"),
    [
        ({}, True),
        ({"value": 0.79}, False),
        ({"value": 0.79, "direction": "minimize"}, True),
        ({"regression": 0.051}, False),
        ({"regression": 0.051, "max_regression": None}, True),
        ({"champion_compared": False, "regression": None}, True),
        ({"max_regression": 0, "regression": 0.0}, True),
    ],
)
def test_the_gate(changes, passed):
    assert passes({**GATE, **changes}) is passed
