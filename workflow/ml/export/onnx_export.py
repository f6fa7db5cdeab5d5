"""Export a fitted Pipeline to ONNX for the server, and prove it equal to scikit-learn on real rows.

    model.onnx         the Pipeline from raw numbers to predictions, in double precision
    model.tables.npz   for trees: the same as lookup tables, several times faster for many rows at once

`serving` in model.json says which runtime serves the model. Where the Pipeline cannot be exported, or one
prediction differs, it is scikit-learn, and the reason is recorded: the server needs no second opinion.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.config.use_case import UseCase
from ml.export.onnx_graph import (
    INPUT,
    LABELS,
    PROBABILITIES,
    VALUES,
    Graph,
    Outputs,
    add_linear,
    add_preprocessing,
    categories_of,
)
from ml.export.onnx_trees import add_ensemble, add_xgboost
from ml.export.table_export import tables_of
from ml.export.tables import TreeTables
from ml.export.trees import CannotExportError, read_ensemble
from ml.model.model_files import file_record

ONNX_FILE, TABLES_FILE = "model.onnx", "model.tables.npz"
TOLERANCE = 1e-6  # relative to the prediction where that is above 1
CHECKED_ROWS = 20_000
# More nodes than this (an unpruned forest on much data) take seconds to load and hundreds of MiB per worker.
MAXIMUM_BYTES = 200 * 1024 * 1024

_LINEAR = (
    "LinearRegression", "Ridge", "Lasso", "ElasticNet", "LogisticRegression", "RidgeClassifier", "LinearSVC",
)  # fmt: skip

Predictions = dict[str, npt.NDArray[Any]]  # by the names of the graph's outputs


def export_model(
    folder: Path, pipeline: Any, frame: pd.DataFrame, use_case: UseCase
) -> dict[str, Any]:
    """Write the files that predict what `pipeline` predicts; return `serving` of model.json.

    `frame` holds the rows to compare; evaluate compares the held-out ones (ml.export.serving_check).
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in (ONNX_FILE, TABLES_FILE):
        (folder / name).unlink(missing_ok=True)
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
        expected = expected_of(pipeline, features)
        found = run_onnx(content, rows)
        difference = compare(found, expected)
    except CannotExportError as error:
        return {"runtime": "scikit-learn", "reason": str(error)}
    except Exception as error:  # a model that serves more slowly is better than none
        return {"runtime": "scikit-learn", "reason": f"the export ended with {error!r}"}
    classes = getattr(pipeline, "classes_", None)
    return {
        "runtime": "onnxruntime",
        "reason": f"equal to scikit-learn on {len(rows)} rows",
        "model_file": _write(folder / ONNX_FILE, content),
        **_export_tables(folder, pipeline, use_case, rows, expected),
        "categories": categories,
        "classes": None if classes is None else [str(name) for name in classes],
        "check": {
            "rows": len(rows),
            "maximum_difference": difference,
            "tolerance": TOLERANCE,
            "onnxruntime": metadata.version("onnxruntime"),
            "onnx": metadata.version("onnx"),
        },
        # The server predicts this row before it reports that it is healthy.
        "example": {
            "row": [None if np.isnan(value) else value for value in rows[0].tolist()],
            "prediction": float(found[VALUES][0])
            if classes is None
            else str(classes[found[LABELS][0]]),
        },
    }


def _export_tables(
    folder: Path,
    pipeline: Any,
    use_case: UseCase,
    rows: npt.NDArray[np.float64],
    expected: Predictions,
) -> dict[str, Any]:
    """The tables' part of `serving`; nothing where there are none, for model.onnx serves every model."""
    try:
        content = tables_of(pipeline, use_case.feature_names)
        if content is None:
            return {}
        compare(run_tables(content, rows), expected)
    except Exception as error:  # the reason is for a reader of model.json
        return {"tables_reason": str(error) or repr(error)}
    return {"tables_file": _write(folder / TABLES_FILE, content)}


def _write(path: Path, content: bytes) -> dict[str, Any]:
    path.write_bytes(content)
    return file_record(path.name, content)


def to_onnx(pipeline: Any, names: list[str]) -> bytes:
    """The ONNX file of a fitted Pipeline; raise CannotExportError naming the part that has no translation."""
    try:
        graph = Graph(len(names))
    except ImportError as error:
        raise CannotExportError(
            f"the package {error.name} is not installed where the model was trained"
        ) from error
    estimator = pipeline[-1]
    try:
        prepared = add_preprocessing(graph, pipeline[:-1], INPUT, names)
        content = graph.model(_add_estimator(graph, estimator, prepared))
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


def _add_estimator(graph: Graph, estimator: Any, rows: str) -> Outputs:
    name = type(estimator).__name__
    if name in _LINEAR:
        return add_linear(graph, estimator, rows)
    if name in ("XGBRegressor", "XGBClassifier"):
        return add_xgboost(graph, estimator, rows)
    ensemble = read_ensemble(estimator)
    if ensemble is None:
        raise CannotExportError(f"the estimator {name} is not translated")
    return add_ensemble(graph, ensemble, rows)


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


def run_onnx(content: bytes, rows: npt.NDArray[np.float64]) -> Predictions:
    """Predict with the ONNX file."""
    try:
        from ml.export.onnx_session import load_session
    except ImportError as error:
        raise CannotExportError(
            "the package onnxruntime is not installed where the model was trained"
        ) from error
    try:
        session = load_session(content)
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(names, {INPUT: rows}), strict=True))
    except Exception as error:  # onnxruntime's exceptions have no common base below Exception
        raise CannotExportError(f"onnxruntime refuses the exported model: {error}") from error


def run_tables(content: bytes, rows: npt.NDArray[np.float64]) -> Predictions:
    """Predict with the lookup tables."""
    found = TreeTables(content).predict(rows)
    return dict(zip((VALUES,) if len(found) == 1 else (LABELS, PROBABILITIES), found, strict=True))


def expected_of(pipeline: Any, features: pd.DataFrame) -> Predictions:
    """The predictions of scikit-learn; labels are positions in its classes."""
    predicted = pipeline.predict(features)
    classes = getattr(pipeline, "classes_", None)
    if classes is None:
        return {VALUES: predicted}
    found = {LABELS: np.searchsorted(classes, predicted)}
    if hasattr(pipeline, "predict_proba"):
        found[PROBABILITIES] = pipeline.predict_proba(features)
    return found


def compare(found: Predictions, expected: Predictions) -> float:
    """The largest difference; raise CannotExportError when one is too large or a label differs."""
    if found.keys() != expected.keys():
        raise CannotExportError(f"the exported model gives {sorted(found)}, not {sorted(expected)}")
    difference = 0.0
    for name, values in found.items():
        if name == LABELS:
            wrong = int(_wrong_labels(values, expected).sum())
            if wrong:
                raise CannotExportError(
                    f"the exported model gives {wrong} of {len(values)} rows another label"
                )
        else:
            what = "value" if name == VALUES else "probability"
            difference = max(difference, _difference(values, expected[name], what))
    return difference


def _wrong_labels(labels: npt.NDArray[Any], expected: Predictions) -> npt.NDArray[np.bool_]:
    """Which labels differ; of two labels with equal probability either is right."""
    wrong: npt.NDArray[np.bool_] = labels != expected[LABELS]
    if PROBABILITIES in expected:
        rows = np.arange(len(labels))
        probabilities = expected[PROBABILITIES]
        lost = probabilities[rows, expected[LABELS]] - probabilities[rows, labels]
        wrong &= ~(lost <= TOLERANCE)
    return wrong


def _difference(
    found: npt.NDArray[np.float64], expected: npt.NDArray[np.float64], what: str
) -> float:
    """The largest difference, relative where the expected value is above 1."""
    differences = np.abs(found - expected) / np.maximum(1.0, np.abs(expected))
    worst = float(differences.max(initial=0.0))
    if not worst <= TOLERANCE:  # NaN is not
        raise CannotExportError(
            f"a {what} of the exported model differs by {worst:.3g}, more than {TOLERANCE:g}"
        )
    return worst
