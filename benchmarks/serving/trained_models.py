"""The models that the servers serve, trained as train.py trains them on the sample of the housing rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import yaml

from benchmarks.serving.stacks import Files, Rows
from ml.config.use_case import parse_use_case
from ml.export.onnx_export import export_model
from ml.model.artifact import save_model
from ml.model.estimators import make_estimator
from ml.model.features import build_pipeline, fit
from ml.model.lineage import library_versions

ROOT = Path(__file__).resolve().parents[2]

ESTIMATORS = {"linear": "Ridge", "boosting": "HistGradientBoostingRegressor"}


def make_models(work: Path) -> dict[str, Files]:
    """Train, export and save each; the peers get the same fitted Pipeline without column names."""
    document = yaml.safe_load((ROOT / "config/use_cases/housing.yaml").read_text())
    models = {}
    for name, estimator in ESTIMATORS.items():
        same = document["model"]["estimator"] == estimator
        hyperparameters = document["model"]["hyperparameters"] if same else {}
        model = {"estimator": estimator, "hyperparameters": hyperparameters, "seed": 42}
        use_case = parse_use_case({**document, "model": model})
        frame = _training_rows(use_case)
        pipeline = build_pipeline(
            use_case, make_estimator(estimator, use_case.task, hyperparameters, 42)
        )
        fit(pipeline, frame, use_case)
        folder = work / name
        serving = export_model(folder, pipeline, frame, use_case)
        if serving["runtime"] != "onnxruntime":
            raise SystemExit(f"benchmarks: {estimator} was not exported: {serving['reason']}")
        card = {"lineage": {"libraries": library_versions()}, "serving": serving}
        save_model(folder, pipeline, card, use_case, ROOT / "workflow")
        plain = folder / "plain.joblib"
        joblib.dump(_without_names(pipeline), plain)
        np.save(folder / "rows.npy", frame[use_case.feature_names].to_numpy())
        models[name] = Files(name, folder, plain, folder)
    return models


def _training_rows(use_case: Any) -> Any:
    from ml.data.frames import read_frame

    return read_frame(ROOT / "sample-files" / "cal_housing.csv", use_case)


def _without_names(pipeline: Any) -> Any:
    """ColumnTransformer looks its columns up in a DataFrame, which costs a millisecond a request."""
    from sklearn.pipeline import Pipeline

    steps: list[tuple[str, Any]] = []
    for part in _leaves(pipeline):
        part.__dict__.pop("feature_names_in_", None)
        steps.append((f"step{len(steps)}", part))
    return Pipeline(steps)


def _leaves(part: Any) -> Iterator[Any]:
    kind = type(part).__name__
    if kind == "Pipeline":
        for _, step in part.steps:
            yield from _leaves(step)
    elif kind == "ColumnTransformer":
        if len(part.transformers_) != 1:
            raise SystemExit("benchmarks: the model has more than one group of columns")
        yield from _leaves(part.transformers_[0][1])
    elif part != "passthrough":
        yield part


def sample_rows(model: Files, count: int) -> Rows:
    rows = np.load(model.folder / "rows.npy")
    generator = np.random.default_rng(1)
    chosen: Rows = rows[generator.integers(len(rows), size=count)].tolist()
    return chosen


def expected(model: Files, rows: Rows) -> list[float]:
    predictions: list[float] = joblib.load(model.joblib).predict(np.array(rows)).tolist()
    return predictions


def csv_of(rows: Rows) -> bytes:
    return "".join(",".join(map(repr, row)) + "\n" for row in rows).encode()


def describe(model: Files) -> str:
    card = json.loads((model.folder / "model.json").read_text())
    size = card["serving"]["model_file"]["size"]
    return f"{ESTIMATORS[model.name]}, model.onnx {size / 1024:.0f} KiB"
