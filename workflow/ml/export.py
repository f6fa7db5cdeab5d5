"""Export a fitted Pipeline to ONNX for the server, and prove it equal to scikit-learn on real rows.

    model.onnx   the Pipeline from raw numbers to predictions, in double precision

`serving` in model.json says which runtime serves the model. Where the Pipeline cannot be exported, or one
prediction differs, it is scikit-learn, and the reason is recorded: the server needs no second opinion.
"""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml import onnx_trees
from ml.onnx_graph import (
    INPUT,
    LABELS,
    PROBABILITIES,
    VALUES,
    CannotExportError,
    Graph,
    add_linear,
    add_preprocessing,
    categories_of,
)
from ml.use_case import UseCase

ONNX_FILE = "model.onnx"
TOLERANCE = 1e-6  # relative to the prediction where that is above 1
CHECKED_ROWS = 20_000
# More nodes than this (an unpruned forest on much data) take seconds to load and hundreds of MiB a worker.
MAXIMUM_BYTES = 200 * 1024 * 1024

_LINEAR = (
    "LinearRegression", "Ridge", "Lasso", "ElasticNet", "LogisticRegression", "RidgeClassifier", "LinearSVC",
)  # fmt: skip
_WRITERS = {
    **dict.fromkeys(_LINEAR, add_linear),
    **{
        f"{stem}{suffix}": writer
        for suffix in ("Regressor", "Classifier")
        for stem, writer in (
            ("HistGradientBoosting", onnx_trees.add_histogram_boosting),
            ("GradientBoosting", onnx_trees.add_gradient_boosting),
            ("RandomForest", onnx_trees.add_forest),
            ("ExtraTrees", onnx_trees.add_forest),
            ("DecisionTree", onnx_trees.add_forest),
            ("XGB", onnx_trees.add_xgboost),
        )
    },
}


def export_model(
    folder: Path, pipeline: Any, frame: pd.DataFrame, use_case: UseCase
) -> dict[str, Any]:
    """Write model.onnx when it predicts what `pipeline` predicts; return `serving` of model.json.

    `frame` holds the rows to compare: those of the test set where there are some.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / ONNX_FILE
    path.unlink(missing_ok=True)
    texts = [column.name for column in use_case.features if column.is_text]
    if texts:
        reason = f"texts are not translated: {', '.join(texts)}"
        return {"runtime": "scikit-learn", "reason": reason}
    features = frame[use_case.feature_names]
    features = features.iloc[:: max(1, len(features) // CHECKED_ROWS)]
    try:
        content = to_onnx(pipeline, use_case.feature_names)
        categories = categories_of(pipeline[:-1], use_case.feature_names)
        rows = rows_of(features, categories)
        checked = compare(content, pipeline, features, rows)
    except CannotExportError as error:
        return {"runtime": "scikit-learn", "reason": str(error)}
    except Exception as error:  # a model that serves more slowly is better than none
        return {"runtime": "scikit-learn", "reason": f"the export ended with {error!r}"}
    path.write_bytes(content)
    classes = getattr(pipeline, "classes_", None)
    return {
        "runtime": "onnxruntime",
        "reason": f"equal to scikit-learn on {len(rows)} rows",
        "model_file": {
            "name": ONNX_FILE,
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
        },
        "categories": categories,
        "classes": None if classes is None else [str(name) for name in classes],
        "check": checked,
        # The server predicts this row before it says that it is well.
        "example": {
            "row": [None if np.isnan(value) else value for value in rows[0].tolist()],
            "prediction": _plain(pipeline.predict(features.iloc[:1])[0]),
        },
    }


def check_export(
    folder: Path, serving: dict[str, Any], pipeline: Any, frame: pd.DataFrame, use_case: UseCase
) -> dict[str, Any] | None:
    """Compare a saved model's export with its Pipeline on other rows, such as the test set's.

    None when the model is served by scikit-learn anyway; raises CannotExportError when they differ.
    """
    if serving.get("runtime") != "onnxruntime":
        return None
    features = frame[use_case.feature_names]
    content = (folder / ONNX_FILE).read_bytes()
    return compare(content, pipeline, features, rows_of(features, serving["categories"]))


def to_onnx(pipeline: Any, names: list[str]) -> bytes:
    """The ONNX file of a fitted Pipeline; raise CannotExportError naming the part that has no translation."""
    try:
        graph = Graph(len(names))
    except ImportError as error:
        raise CannotExportError(
            f"the package {error.name} is not installed where the model was trained"
        ) from error
    estimator = pipeline[-1]
    writer = _WRITERS.get(type(estimator).__name__)
    if writer is None:
        raise CannotExportError(f"the estimator {type(estimator).__name__} is not translated")
    prepared = add_preprocessing(graph, pipeline[:-1], INPUT, names)
    try:
        content = graph.model(writer(graph, estimator, prepared))
    except (
        AttributeError,
        ValueError,
    ) as error:  # another version's structure, or a graph over 2 GiB
        raise CannotExportError(
            f"{type(estimator).__name__} has no translation: {error}"
        ) from error
    if len(content) > MAXIMUM_BYTES:
        raise CannotExportError(
            f"the exported model has {len(content) >> 20} MiB, more than {MAXIMUM_BYTES >> 20} MiB"
        )
    return content


def rows_of(features: pd.DataFrame, categories: dict[str, list[str]]) -> npt.NDArray[np.float64]:
    """The rows as the exported model takes them: categories as their position in the list."""
    columns = []
    for name in features.columns:
        values = features[name].to_numpy()
        if name in categories:
            codes = {text: code for code, text in enumerate(categories[name])}
            values = np.array([codes[text] for text in values])
        columns.append(np.asarray(values, dtype=np.float64))
    return np.column_stack(columns)


def compare(
    content: bytes, pipeline: Any, features: pd.DataFrame, rows: npt.NDArray[np.float64]
) -> dict[str, Any]:
    """Predict with both; raise CannotExportError when they differ, else say how they were compared."""
    try:
        import onnxruntime
    except ImportError as error:
        raise CannotExportError(
            "the package onnxruntime is not installed where the model was trained"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(content, options, ["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        found = dict(zip(names, session.run(names, {INPUT: rows}), strict=True))
    except Exception as error:  # onnxruntime's exceptions have no common base below Exception
        raise CannotExportError(f"onnxruntime refuses the exported model: {error}") from error
    difference = 0.0
    if VALUES in found:
        difference = _difference(found[VALUES], pipeline.predict(features), "value")
    if LABELS in found:
        labels = np.asarray(pipeline.classes_)[found[LABELS]]
        wrong = int((labels != pipeline.predict(features)).sum())
        if wrong:
            raise CannotExportError(
                f"the exported model gives {wrong} of {len(rows)} rows another label"
            )
    if PROBABILITIES in found:
        expected = pipeline.predict_proba(features)
        difference = _difference(found[PROBABILITIES], expected, "probability")
    return {
        "rows": len(rows),
        "maximum_difference": difference,
        "tolerance": TOLERANCE,
        "onnxruntime": metadata.version("onnxruntime"),
        "onnx": metadata.version("onnx"),
    }


def _difference(
    found: npt.NDArray[np.float64], expected: npt.NDArray[np.float64], what: str
) -> float:
    """The largest difference, relative where the expected is above 1."""
    differences = np.abs(found - expected) / np.maximum(1.0, np.abs(expected))
    worst = float(differences.max(initial=0.0))
    if not worst <= TOLERANCE:  # NaN is not
        raise CannotExportError(
            f"a {what} of the exported model differs by {worst:.3g}, more than {TOLERANCE:g}"
        )
    return worst


def _plain(value: Any) -> float | str:
    return str(value) if isinstance(value, str) else float(value)
