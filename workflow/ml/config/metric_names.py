"""The metrics that a gate can ask for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class KnownMetric:
    task: str
    direction: str


METRICS = {
    "r2": KnownMetric("regression", "maximize"),
    "mse": KnownMetric("regression", "minimize"),
    "rmse": KnownMetric("regression", "minimize"),
    "mae": KnownMetric("regression", "minimize"),
    "accuracy": KnownMetric("classification", "maximize"),
    "weighted_precision": KnownMetric("classification", "maximize"),
    "weighted_recall": KnownMetric("classification", "maximize"),
    "weighted_f1": KnownMetric("classification", "maximize"),
}
