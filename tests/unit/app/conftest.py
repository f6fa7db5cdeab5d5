"""A model of reviews as a training job leaves it, and the app's own environment."""

from __future__ import annotations

import os
import subprocess
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


@pytest.fixture(scope="session")
def own_python() -> Path:
    """The Python of .app, which is made on first use: 600 MB."""
    made = subprocess.run(
        ["bash", "deployment-scripts/venv.sh", "app"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip(f".app cannot be made: {made.stderr.strip()[-300:]}")
    return ROOT / ".app/bin/python"


@pytest.fixture(scope="session")
def own_environment() -> dict[str, str]:
    """What a process of the app needs to find its packages."""
    folders = (ROOT, ROOT / "workflow", ROOT / "deployment-scripts")
    return {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(map(str, folders))}
