"""Models as no sensible data make them: constant columns, ties, numbers at the ends of the scale.

What serves them predicts what scikit-learn predicts, label for label, or the export says why it does not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from ml.config.use_case import UseCase, parse_use_case
from ml.export.onnx_export import (
    LABELS,
    PROBABILITIES,
    Predictions,
    compare,
    expected_of,
    export_model,
    rows_of,
    run_onnx,
    run_tables,
)
from ml.export.trees import CannotExportError
from ml.model.estimators import make_estimator
from ml.model.features import build_pipeline, fit
from tests.unit.workflow.serving.small_models import NUMBERS, make_frame, make_use_case

# scikit-learn adds up every row to find infinity in it; +3e38 and -3e38 overflow on the way.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

TREES: dict[str, list[dict[str, Any]]] = {
    "HistGradientBoosting": [{"max_iter": 40, "learning_rate": 1.0, "min_samples_leaf": 1}, {"max_iter": 5}],
    "GradientBoosting": [{"n_estimators": 30, "learning_rate": 1.0}, {"n_estimators": 5, "max_depth": 1}],
    "RandomForest": [{"n_estimators": 7, "max_leaf_nodes": 60}, {"n_estimators": 30, "max_depth": 2}],
    "ExtraTrees": [{"n_estimators": 10, "bootstrap": True, "max_depth": 1}],
    "DecisionTree": [{}, {"max_depth": 1}],
}  # fmt: skip
LABEL_TEXTS = ["1", "0", "true", "null", "a, b", 'say "x"', "ünï"]
COLUMNS = ("constant", "two", "few", "tiny", "single", "huge", "empty")


def column(kind: str, rows: int, chance: np.random.Generator) -> npt.NDArray[np.float64]:
    if kind == "constant":
        return np.full(rows, chance.choice([0.0, -3.5, 1e-300]))
    if kind == "two":
        return chance.integers(0, 2, rows).astype(np.float64)
    if kind == "few":
        return chance.choice([-1.5, 0.0, 0.1, 0.2, 0.1 + 0.2, 0.3], rows)
    if kind == "tiny":
        return chance.choice([0.0, 5e-324, -5e-324, 1e-310, 1e-45, 1e-38], rows)
    if kind == "single":  # beside the numbers that single precision can hold
        exact = chance.normal(size=rows).astype(np.float32).astype(np.float64)
        return np.nextafter(exact, chance.choice([-np.inf, np.inf], rows))
    values = chance.choice([3.4e38, -3.4e38, 1e37, 0.0], rows)
    if kind == "empty":
        values[chance.random(rows) < 0.5] = np.nan
    return values


def odd_model(seed: int) -> tuple[UseCase, pd.DataFrame, Any, np.random.Generator]:
    chance = np.random.default_rng(seed)
    stem = list(TREES)[seed % len(TREES)]
    classes = int(chance.choice([0, 2, 2, 7]))
    rows = int(chance.choice([30, 60, 300]))
    kinds = chance.choice(COLUMNS, int(chance.choice([1, 1, 3])))
    columns: list[dict[str, Any]] = []
    data: dict[str, Any] = {}
    for number, kind in enumerate(kinds):
        share = {"maximum_missing_share": 0.95} if kind == "empty" else {}
        columns.append({"name": f"c{number}", "type": "number", **share})
        data[f"c{number}"] = column(kind, rows, chance) + 0.0
    if chance.random() < 0.3:
        columns.append({"name": "kind", "type": "category", "values": ["a", "b, c"]})
        data["kind"] = pd.Series(chance.choice(["a", "b, c"], rows), dtype=object)
    name = stem + ("Classifier" if classes else "Regressor")
    if classes:
        texts = LABEL_TEXTS[:classes]
        labels = [texts[index % classes] for index in range(rows)]  # as many of each as can be
        data["target"] = pd.Series(labels, dtype=object)
        target = {"name": "target", "type": "category", "values": texts}
    else:
        data["target"] = chance.choice([0.0, 1.0, 1e-8], rows)
        target = {"name": "target", "type": "number"}
    task = "classification" if classes else "regression"
    document = {
        "name": "odd", "description": "For the tests of the export.", "task": task, "target": "target",
        "columns": [*columns, target], "model": {"estimator": name, "seed": 3},
        "metric": {"name": "accuracy" if classes else "r2", "threshold": 0, "direction": "maximize"},
    }  # fmt: skip
    use_case = parse_use_case(document)
    settings = TREES[stem][int(chance.integers(len(TREES[stem])))]
    frame = pd.DataFrame(data)
    estimator = make_estimator(name, task, settings, 3)
    pipeline = fit(build_pipeline(use_case, estimator), frame, use_case)
    return use_case, frame, pipeline, chance


def new_rows(use_case: UseCase, frame: pd.DataFrame, chance: np.random.Generator) -> pd.DataFrame:
    """Values that were seen, the middles between them, and their neighbours."""
    features = frame[use_case.feature_names].sample(100, replace=True, random_state=1)
    features = features.reset_index(drop=True)
    for one in use_case.features:
        if not one.is_number:
            continue
        seen = np.unique(frame[one.name].dropna())
        seen = np.concatenate([seen, seen[:-1] / 2 + seen[1:] / 2, [0.0, 1e-46, 3e38, -3e38]])
        chosen = chance.choice(seen, 100)
        towards = np.choose(chance.integers(0, 3, 100), [chosen, np.inf, -np.inf])
        values = np.nextafter(chosen, towards) + 0.0
        if one.maximum_missing_share:
            values[chance.random(100) < 0.3] = np.nan
        features[one.name] = values
    return features


@pytest.mark.parametrize("seed", range(60))
def test_predictions_are_equal(seed: int, tmp_path: Path) -> None:
    use_case, frame, pipeline, chance = odd_model(seed)
    serving = export_model(tmp_path, pipeline, frame, use_case)
    assert serving["runtime"] == "onnxruntime", serving["reason"]
    assert "tables_reason" not in serving
    features = new_rows(use_case, frame, chance)
    expected = expected_of(pipeline, features)
    rows = rows_of(features, serving["categories"])
    compare(run_onnx((tmp_path / "model.onnx").read_bytes(), rows), expected)
    if "tables_file" in serving:
        compare(run_tables((tmp_path / "model.tables.npz").read_bytes(), rows), expected)


@pytest.mark.parametrize("classes", [2, 7])
def test_a_score_that_is_exactly_in_the_middle(classes: int, tmp_path: Path) -> None:
    """Nothing tells the classes apart; each estimator has its own rule for that."""
    for stem in TREES:
        texts = LABEL_TEXTS[:classes]
        document = {
            "name": "tie", "description": "A tie.", "task": "classification", "target": "target",
            "columns": [{"name": "x", "type": "number"},
                        {"name": "target", "type": "category", "values": texts}],
            "model": {"estimator": f"{stem}Classifier"},
            "metric": {"name": "accuracy", "threshold": 0, "direction": "maximize"},
        }  # fmt: skip
        use_case = parse_use_case(document)
        frame = pd.DataFrame({"x": 1.0, "target": pd.Series(texts * 60, dtype=object)})
        estimator = make_estimator(f"{stem}Classifier", "classification", TREES[stem][0], 3)
        pipeline = fit(build_pipeline(use_case, estimator), frame, use_case)
        serving = export_model(tmp_path, pipeline, frame, use_case)
        assert serving["runtime"] == "onnxruntime", (stem, serving["reason"])
        assert "tables_file" in serving, (stem, serving.get("tables_reason"))


def tie(label: int, *probabilities: float) -> Predictions:
    return {LABELS: np.array([label]), PROBABILITIES: np.array([probabilities])}


def test_labels_of_equal_probability_are_equally_right() -> None:
    """The order of a sum decides between them, and evaluate must not fail on it."""
    expected = tie(0, 0.4, 0.4, 0.2)
    assert compare(tie(1, 0.4, 0.4, 0.2), expected) == 0
    with pytest.raises(CannotExportError, match="1 of 1 rows another label"):
        compare(tie(2, 0.4, 0.4, 0.2), expected)
    with pytest.raises(CannotExportError, match="1 of 1 rows another label"):
        compare({LABELS: np.array([1])}, {LABELS: np.array([0])})


@pytest.mark.parametrize("name", ["LogisticRegression", "RidgeClassifier", "LinearSVC"])
def test_a_score_beyond_all_numbers_has_its_label(name: str, tmp_path: Path) -> None:
    use_case = make_use_case(name, NUMBERS, 2)
    frame = make_frame(use_case)
    estimator = make_estimator(name, "classification", {}, 3)
    pipeline = fit(build_pipeline(use_case, estimator), frame, use_case)
    serving = export_model(tmp_path, pipeline, frame, use_case)
    assert serving["runtime"] == "onnxruntime"
    rows = np.array([[5.0, 1.7e308, 1.7e308], [-5.0, -1.7e308, -1.7e308]])
    expected = expected_of(pipeline, pd.DataFrame(rows, columns=use_case.feature_names))
    found = run_onnx((tmp_path / "model.onnx").read_bytes(), rows)
    assert found[LABELS].tolist() == expected[LABELS].tolist()
