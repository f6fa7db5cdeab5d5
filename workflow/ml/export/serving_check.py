"""The exported model compared with the evaluated Pipeline on the held-out rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from ml.config.use_case import UseCase
from ml.errors import JobError
from ml.export.onnx_export import compare, expected_of, rows_of, run_onnx, run_tables
from ml.export.trees import CannotExportError
from ml.model.artifact import LoadedModel
from ml.model.model_files import read_recorded

CHECKED_ROWS = 100_000


def check_serving(
    folder: Path, model: LoadedModel, frame: pd.DataFrame, use_case: UseCase
) -> dict[str, Any]:
    """`serving` of evaluation.json: the runtime, and how far its predictions are from the Pipeline's.

    Raises JobError when one differs: the numbers of the evaluation would be those of another model.
    """
    serving = model.card.get("serving") or {"runtime": "scikit-learn", "reason": "not exported"}
    record = {"runtime": serving["runtime"], "reason": serving["reason"]}
    if serving["runtime"] != "onnxruntime":
        return record
    features = frame[use_case.feature_names].iloc[:: max(1, len(frame) // CHECKED_ROWS)]
    rows = rows_of(features, serving["categories"])
    expected = expected_of(model.pipeline, features)
    files = [serving[key] for key in ("model_file", "tables_file") if key in serving]
    contents = read_recorded(folder, files)
    difference = 0.0
    for file, content, run in zip(files, contents, (run_onnx, run_tables), strict=False):
        try:
            difference = max(difference, compare(run(content, rows), expected))
        except CannotExportError as error:
            raise JobError(
                f"{file['name']} does not predict what the evaluated Pipeline predicts on the held-out rows: "
                f"{error}. Train again; if it stays, report it with the estimator and its hyperparameters."
            ) from error
    reason = f"equal to scikit-learn on {len(rows):,} held-out rows"
    return {**record, "reason": reason, "rows": len(rows), "maximum_difference": difference}
