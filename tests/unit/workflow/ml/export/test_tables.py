"""Lookup tables predict what scikit-learn predicts, also on the thresholds themselves and in empty cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.export.onnx_export import export_model, rows_of, run_tables
from ml.export.onnx_graph import categories_of
from ml.export.table_export import MAXIMUM_LEAVES, tables_of
from ml.export.trees import read_ensemble
from ml.model.estimators import make_estimator
from ml.model.features import build_pipeline, fit
from tests.unit.workflow.serving.small_models import MIXED, NUMBERS, make_frame, make_use_case

SMALL: dict[str, dict[str, Any]] = {
    "HistGradientBoosting": {"max_iter": 30},
    "GradientBoosting": {"n_estimators": 20},
    "RandomForest": {"n_estimators": 20, "max_leaf_nodes": 40},
    "ExtraTrees": {"n_estimators": 20, "max_depth": 4},
    "DecisionTree": {"max_leaf_nodes": MAXIMUM_LEAVES},
}


def trained(name: str, columns: list[dict[str, Any]], classes: int, **settings: Any) -> Any:
    task, suffix = ("classification", "Classifier") if classes else ("regression", "Regressor")
    use_case = make_use_case(name + suffix, columns, classes)
    frame = make_frame(use_case)
    estimator = make_estimator(name + suffix, task, settings or SMALL[name], 3)
    return fit(build_pipeline(use_case, estimator), frame, use_case), frame, use_case


def with_thresholds(pipeline: Any, features: pd.DataFrame) -> pd.DataFrame:
    """Rows whose numbers lie on a threshold, or as near to one as a number can."""
    ensemble = read_ensemble(pipeline[-1])
    assert ensemble is not None
    generator = np.random.default_rng(4)
    found = features.copy()
    for position, name in enumerate(features.columns):
        if features[name].dtype != float:
            continue
        thresholds = np.concatenate(
            [tree.threshold[~tree.leaf & (tree.feature == position)] for tree in ensemble.trees]
        )
        if len(thresholds) == 0:
            continue
        chosen = generator.choice(thresholds, len(features))
        towards = np.choose(generator.integers(0, 3, len(features)), [-np.inf, chosen, np.inf])
        moved = np.nextafter(chosen, towards)
        found[name] = np.where(np.isnan(features[name]), np.nan, moved)
    return found


@pytest.mark.parametrize("classes", [0, 2, 3])
@pytest.mark.parametrize("columns", [NUMBERS, MIXED], ids=["numbers", "mixed"])
@pytest.mark.parametrize("name", list(SMALL))
def test_predictions_are_equal(name: str, columns: list[dict[str, Any]], classes: int) -> None:
    pipeline, _, use_case = trained(name, columns, classes)
    content = tables_of(pipeline, use_case.feature_names)
    assert content is not None
    new = make_frame(use_case, 600, seed=8)[use_case.feature_names]
    for features in (new, with_thresholds(pipeline, new), new.iloc[:1]):
        rows = rows_of(features, categories_of(pipeline[:-1], use_case.feature_names))
        found = run_tables(content, rows)
        if classes:
            expected = pipeline.predict_proba(features)
            np.testing.assert_allclose(found["probabilities"], expected, rtol=1e-12, atol=1e-14)
            assert (pipeline.classes_[found["labels"]] == pipeline.predict(features)).all()
        else:
            np.testing.assert_allclose(found["values"], pipeline.predict(features), rtol=1e-12)


def test_trees_with_more_leaves_have_no_tables(tmp_path: Path) -> None:
    pipeline, frame, use_case = trained(
        "DecisionTree", NUMBERS, 0, max_leaf_nodes=MAXIMUM_LEAVES + 1
    )
    assert tables_of(pipeline, use_case.feature_names) is None
    (tmp_path / "model.tables.npz").write_bytes(b"of an earlier model")
    serving = export_model(tmp_path, pipeline, frame, use_case)
    assert "tables_file" not in serving
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]


def test_a_difference_leaves_the_model_without_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline, frame, use_case = trained("HistGradientBoosting", NUMBERS, 0)
    content = tables_of(pipeline, use_case.feature_names)
    pipeline[-1]._baseline_prediction = pipeline[-1]._baseline_prediction + 0.001
    monkeypatch.setattr("ml.export.onnx_export.tables_of", lambda *_: content)
    serving = export_model(tmp_path, pipeline, frame, use_case)
    assert serving["runtime"] == "onnxruntime"
    assert "differs by 0.001" in serving["tables_reason"]
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
