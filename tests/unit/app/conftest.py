"""A model of reviews as a training job leaves it."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pandas as pd
import pytest
import yaml

from landing_zone.core.settings import ROOT
from ml.config.use_case import parse_use_case
from ml.model.artifact import save_model
from ml.model.estimators import make_estimator
from ml.model.features import build_pipeline, fit
from ml.model.lineage import library_versions


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """model.tar.gz."""
    document = yaml.safe_load((ROOT / "config/use_cases/reviews.yaml").read_text())
    use_case = parse_use_case(document)
    frame = pd.read_csv(ROOT / "sample-files/reviews.csv", dtype=str)
    estimator = make_estimator("LogisticRegression", use_case.task, {"C": 10.0}, 1)
    pipeline = fit(build_pipeline(use_case, estimator), frame, use_case)
    folder = tmp_path_factory.mktemp("reviews")
    card = {"lineage": {"libraries": library_versions()}}
    save_model(folder / "model", pipeline, card, use_case, ROOT / "workflow")
    with tarfile.open(folder / "model.tar.gz", "w:gz") as tar:
        tar.add(folder / "model", arcname=".")
    return folder / "model.tar.gz"
