"""evaluation.json: SageMaker's model quality layout, and beside it what the gate and a reviewer need."""

from __future__ import annotations

from typing import Any

import numpy as np

from ml.config.use_case import UseCase
from ml.errors import JobError
from ml.model.artifact import LoadedModel
from ml.model.scoring import Predictions

Metrics = dict[str, dict[str, float]]


def measure(predictions: Predictions, use_case: UseCase) -> Metrics:
    values = predictions.values()
    undefined = [name for name, value in values.items() if not np.isfinite(value)]
    if undefined:
        reason = (
            f"the {len(predictions.actual)} held-out rows all have the same {use_case.target}. "
            "Add rows or raise split.test_share."
        )
        if np.ptp(predictions.actual) > 0:
            reason = (
                f"the values of {use_case.target} are too large to be squared. Use another unit."
            )
        raise JobError(f"{', '.join(undefined)} cannot be computed: {reason}")
    deviations = predictions.deviations(use_case.split.seed)
    return {
        name: {"value": value, "standard_deviation": deviations.get(name, 0.0)}
        for name, value in values.items()
    }


def gate_of(
    metrics: Metrics,
    use_case: UseCase,
    threshold: float,
    rows: int,
    champion: dict[str, Any],
    max_regression: float | None,
) -> dict[str, Any]:
    """What the state machine's Choices read: numbers only; the verdict is the state machine's."""
    return {
        "metric": use_case.metric.name,
        "value": metrics[use_case.metric.name]["value"],
        "threshold": threshold,
        "direction": use_case.metric.direction,
        "rows": rows,
        "champion_compared": champion["status"] == "compared",
        "champion_value": champion.get("value"),
        "regression": champion.get("regression"),
        "max_regression": max_regression,
    }


def passes(gate: dict[str, Any]) -> bool:
    return passes_threshold(gate) and passes_champion(gate)


def passes_threshold(gate: dict[str, Any]) -> bool:
    if gate["direction"] == "maximize":
        return bool(gate["value"] >= gate["threshold"])
    return bool(gate["value"] <= gate["threshold"])


def passes_champion(gate: dict[str, Any]) -> bool:
    """Also true where no limit is set or where there is nothing to compare with."""
    if gate["max_regression"] is None or not gate["champion_compared"]:
        return True
    return bool(gate["regression"] <= gate["max_regression"])


def model_record(model: LoadedModel) -> dict[str, str]:
    """What the state machine stores in the model registry, which the jobs cannot write to."""
    return {
        "archive_sha256": model.sha256.archive,
        "card_sha256": model.sha256.card,
        "file_sha256": model.card["model_file"]["sha256"],
        "code_version": model.card["lineage"]["code_version"],
    }


def in_sagemaker_layout(metrics: Metrics, predictions: Predictions) -> dict[str, Any]:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html"""
    if not predictions.classes:
        return {"regression_metrics": metrics}
    matrix = predictions.confusion()
    table = {
        actual: dict(zip(predictions.classes, row, strict=True))
        for actual, row in zip(predictions.classes, matrix.tolist(), strict=True)
    }
    rows = int(matrix.sum())
    constant = float(matrix.sum(axis=1).max() / rows)
    best_constant = {
        "value": constant,
        "standard_deviation": float(np.sqrt(constant * (1 - constant) / rows)),
    }
    entries: dict[str, Any] = {
        "confusion_matrix": table,
        **metrics,
        "accuracy_best_constant_classifier": best_constant,
    }
    if len(predictions.classes) > 2:
        return {"multiclass_classification_metrics": entries}
    return {"binary_classification_metrics": {**entries, **_binary(predictions)}}


def _binary(predictions: Predictions) -> dict[str, Any]:
    """Rates of the second label, which is the positive one, and its curves."""
    (true_no, false_yes), (false_no, true_yes) = predictions.confusion().tolist()
    yes, no = false_no + true_yes, true_no + false_yes
    entries: dict[str, Any] = {
        "true_positive_rate": _rate(true_yes, yes),
        "true_negative_rate": _rate(true_no, no),
        "false_positive_rate": _rate(false_yes, no),
        "false_negative_rate": _rate(false_no, yes),
    }
    found = predictions.curves()
    if found is not None:
        entries["auc"] = {"value": found.auc, "standard_deviation": found.auc_deviation}
        entries["receiver_operating_characteristic_curve"] = {
            "false_positive_rates": found.false_positive_rates,
            "true_positive_rates": found.true_positive_rates,
        }
        entries["precision_recall_curve"] = {
            "precisions": found.precisions,
            "recalls": found.true_positive_rates,
        }
    return entries


def _rate(part: int, whole: int) -> dict[str, float]:
    """A share of rows and its standard error; 0 of none."""
    share = part / whole if whole else 0.0
    deviation = (share * (1 - share) / whole) ** 0.5 if whole else 0.0
    return {"value": share, "standard_deviation": deviation}
