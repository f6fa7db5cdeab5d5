"""An exported model predicts what scikit-learn predicts, or it is not exported and the reason is recorded."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler

from ml.export import onnx_export, onnx_graph
from ml.export.onnx_export import export_model, rows_of, to_onnx
from ml.export.onnx_session import load_session
from ml.export.trees import CannotExportError
from ml.model.estimators import ESTIMATORS, make_estimator
from ml.model.features import build_pipeline, fit
from tests.unit.workflow.serving.small_models import (
    CLASSES,
    MIXED,
    NUMBERS,
    make_frame,
    make_use_case,
)

NOT_TRANSLATED = {
    "KNeighborsRegressor", "KNeighborsClassifier", "SVR", "SVC", "GaussianNB",
}  # fmt: skip


def trained(
    estimator: Any, columns: list[dict[str, Any]], classes: int, name: str = "Ridge"
) -> Any:
    use_case = make_use_case(name, columns, classes)
    frame = make_frame(use_case)
    return fit(build_pipeline(use_case, estimator), frame, use_case), frame, use_case


CASES = [
    (name, columns, classes)
    for name, known in ESTIMATORS.items()
    if name not in NOT_TRANSLATED
    for columns in (NUMBERS, MIXED)
    for classes in ((0,) if known.task == "regression" else tuple(CLASSES))
]


@pytest.mark.parametrize(
    ("name", "columns", "classes"),
    CASES,
    ids=[f"{name}-{len(columns)}-{classes}" for name, columns, classes in CASES],
)
def test_predictions_are_equal(
    name: str, columns: list[dict[str, Any]], classes: int, tmp_path: Path
) -> None:
    task = "classification" if classes else "regression"
    pipeline, frame, use_case = trained(make_estimator(name, task, {}, 3), columns, classes, name)
    serving = export_model(tmp_path, pipeline, frame, use_case)
    assert serving["runtime"] == "onnxruntime", serving["reason"]
    assert serving["check"]["rows"] == len(frame)
    # XGBoost itself computes in single precision.
    tolerance = 1e-6 if name.startswith("XGB") else 1e-12
    assert serving["check"]["maximum_difference"] < tolerance
    content = (tmp_path / "model.onnx").read_bytes()
    assert serving["model_file"]["sha256"] == hashlib.sha256(content).hexdigest()

    # Rows that neither the fit nor the check has seen, computed here without the code under test.
    new = make_frame(use_case, 300, seed=8)[use_case.feature_names]
    session = load_session(content)
    names = [output.name for output in session.get_outputs()]
    found = dict(
        zip(names, session.run(names, {"rows": rows_of(new, serving["categories"])}), strict=True)
    )
    expected = pipeline.predict(new)
    if classes:
        assert (np.array(serving["classes"])[found["labels"]] == expected).all()
        assert ("probabilities" in found) == hasattr(pipeline, "predict_proba")
        if "probabilities" in found:
            np.testing.assert_allclose(
                found["probabilities"], pipeline.predict_proba(new), atol=tolerance
            )
    else:
        np.testing.assert_allclose(found["values"], expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", sorted(NOT_TRANSLATED))
def test_other_estimators_are_served_by_scikit_learn(name: str, tmp_path: Path) -> None:
    known = ESTIMATORS[name]
    classes = 0 if known.task == "regression" else 2
    pipeline, frame, use_case = trained(
        make_estimator(name, known.task, {}, 3), NUMBERS, classes, name
    )
    assert export_model(tmp_path, pipeline, frame, use_case) == {
        "runtime": "scikit-learn",
        "reason": f"the estimator {name} is not translated",
    }
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("loss", ["poisson", "gamma", "absolute_error"])
def test_losses_with_a_link(loss: str, tmp_path: Path) -> None:
    use_case = make_use_case("HistGradientBoostingRegressor", NUMBERS)
    frame = make_frame(use_case)
    frame["target"] = frame["target"].abs() + 0.1
    pipeline = fit(
        build_pipeline(use_case, HistGradientBoostingRegressor(loss=loss)), frame, use_case
    )
    assert export_model(tmp_path, pipeline, frame, use_case)["runtime"] == "onnxruntime"


def test_the_exponential_loss_has_its_own_probabilities(tmp_path: Path) -> None:
    estimator = GradientBoostingClassifier(loss="exponential", n_estimators=20)
    pipeline, frame, use_case = trained(estimator, NUMBERS, 2, "GradientBoostingClassifier")
    assert export_model(tmp_path, pipeline, frame, use_case)["runtime"] == "onnxruntime"


@pytest.mark.parametrize("classes", [0, 2, 3])
def test_xgboost(classes: int, tmp_path: Path) -> None:
    xgboost = pytest.importorskip("xgboost")
    use_case = make_use_case("RandomForestRegressor", MIXED)
    frame = make_frame(use_case)
    kind = xgboost.XGBClassifier if classes else xgboost.XGBRegressor
    pipeline = build_pipeline(use_case, kind(n_estimators=60, random_state=1))
    target = frame["target"]
    if classes:
        target = pd.qcut(target, classes, labels=False)
    pipeline.fit(frame[use_case.feature_names], target)
    serving = export_model(tmp_path, pipeline, frame, use_case)
    assert serving["runtime"] == "onnxruntime", serving["reason"]
    assert serving["check"]["maximum_difference"] <= 1e-6


def test_a_difference_is_found_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline, frame, use_case = trained(make_estimator("Ridge", "regression", {}, 3), NUMBERS, 0)
    content = to_onnx(pipeline, use_case.feature_names)
    pipeline[-1].intercept_ += 0.001
    monkeypatch.setattr(onnx_export, "to_onnx", lambda *_: content)
    serving = export_model(tmp_path, pipeline, frame, use_case)
    assert serving["runtime"] == "scikit-learn"
    assert "a value of the exported model differs by 0.00" in serving["reason"]
    assert list(tmp_path.iterdir()) == []


def test_another_label_is_found_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    estimator = make_estimator("LogisticRegression", "classification", {}, 3)
    pipeline, frame, use_case = trained(estimator, NUMBERS, 3, "LogisticRegression")
    content = to_onnx(pipeline, use_case.feature_names)
    pipeline[-1].intercept_ = np.roll(pipeline[-1].intercept_, 1)
    monkeypatch.setattr(onnx_export, "to_onnx", lambda *_: content)
    serving = export_model(tmp_path, pipeline, frame, use_case)
    assert serving["runtime"] == "scikit-learn"
    assert "rows another label" in serving["reason"]


def test_an_export_of_an_earlier_model_does_not_stay(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"old")
    pipeline, frame, use_case = trained(
        make_estimator("SVR", "regression", {}, 3), NUMBERS, 0, "SVR"
    )
    assert export_model(tmp_path, pipeline, frame, use_case)["runtime"] == "scikit-learn"
    assert not (tmp_path / "model.onnx").exists()


def test_the_same_model_is_the_same_file(tmp_path: Path) -> None:
    pipeline, frame, use_case = trained(
        make_estimator("RandomForestRegressor", "regression", {}, 3),
        MIXED,
        0,
        "RandomForestRegressor",
    )
    first = export_model(tmp_path / "a", pipeline, frame, use_case)
    assert export_model(tmp_path / "b", pipeline, frame, use_case) == first


def test_a_transformer_without_translation_is_named() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0]})
    pipeline = Pipeline([("scale", MinMaxScaler()), ("model", HistGradientBoostingRegressor())])
    pipeline.fit(frame, [1.0, 2.0, 3.0])
    with pytest.raises(CannotExportError, match="the transformer MinMaxScaler is not translated"):
        to_onnx(pipeline, ["a"])


def test_categorical_splits_are_refused() -> None:
    frame = pd.DataFrame({"a": np.arange(200) % 7, "b": np.arange(200.0)})
    model = HistGradientBoostingRegressor(categorical_features=[0], min_samples_leaf=2)
    pipeline = Pipeline([("preprocessing", "passthrough"), ("model", model)])
    pipeline.fit(frame, (frame["a"] * 37 % 5).astype(float))
    with pytest.raises(CannotExportError):
        to_onnx(pipeline, ["a", "b"])


def test_a_model_that_is_too_large_is_not_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_export, "MAXIMUM_BYTES", 100)
    pipeline, frame, use_case = trained(make_estimator("Ridge", "regression", {}, 3), NUMBERS, 0)
    serving = export_model(tmp_path, pipeline, frame, use_case)
    assert serving["runtime"] == "scikit-learn"
    assert "more than 0 MiB" in serving["reason"]


def test_without_the_package_onnx_the_reason_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def graph(features: int) -> None:
        raise ImportError("No module named 'onnx'", name="onnx")

    monkeypatch.setattr(onnx_export, "Graph", graph)
    pipeline, frame, use_case = trained(make_estimator("Ridge", "regression", {}, 3), NUMBERS, 0)
    serving = export_model(tmp_path, pipeline, frame, use_case)
    assert serving["reason"] == "the package onnx is not installed where the model was trained"


def test_the_names_of_the_tensors_are_those_of_the_server() -> None:
    from serving import predictor

    for name in ("INPUT", "VALUES", "LABELS", "PROBABILITIES"):
        assert getattr(predictor, name) == getattr(onnx_graph, name)
