"""Models for the tests of the server, trained once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from ml.config.use_case import UseCase
from tests.unit.workflow.serving.small_models import MIXED, make_model


@dataclass(frozen=True)
class Trained:
    folder: Path
    use_case: UseCase


_KINDS = {
    "numbers": {"estimator": "Ridge"},
    "trees": {"estimator": "HistGradientBoostingRegressor"},
    "mixed": {"estimator": "HistGradientBoostingRegressor", "columns": MIXED},
    "two": {"estimator": "LogisticRegression", "columns": MIXED, "classes": 2},
    "three": {"estimator": "RandomForestClassifier", "classes": 3},
    "labels": {"estimator": "RidgeClassifier", "classes": 3},
}


@pytest.fixture(scope="session", params=list(_KINDS))
def any_model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp(request.param)
    return Trained(folder, make_model(folder, **_KINDS[request.param]))


@pytest.fixture(scope="session")
def numbers_model(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("numbers-model")
    return Trained(folder, make_model(folder, **_KINDS["numbers"]))
