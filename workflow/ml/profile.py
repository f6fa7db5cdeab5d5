"""The profile of the training data: what came in, how it was split, and what its columns look like.

Written by preprocess. Train and evaluate check their input against it; later data is compared with it to
see drift.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml.data_gate import GatedData
from ml.errors import JobError
from ml.frames import file_sha256
from ml.use_case import Column, UseCase

PROFILE_FILE = "profile.json"
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
BINS = 20


def make_profile(
    data: GatedData, use_case: UseCase, train: pd.DataFrame, train_file: Path, test_file: Path
) -> dict[str, Any]:
    """The statistics are those of the training part: the model has not seen the rest."""
    return {
        "use_case": use_case.name,
        "target": use_case.target,
        "dataset": {
            "sha256": dataset_sha256([file.sha256 for file in data.files]),
            "rows": sum(file.rows for file in data.files),
            "files": [vars(file) for file in data.files],
            "ignored_columns": list(data.ignored_columns),
            "dropped_duplicates": data.dropped_duplicates,
            "repeated_rows": int(data.frame.duplicated().sum()),
        },
        "split": {
            "seed": use_case.split.seed,
            "test_share": use_case.split.test_share,
            "train": {"rows": len(train), "sha256": file_sha256(train_file)},
            "test": {"rows": len(data.frame) - len(train), "sha256": file_sha256(test_file)},
        },
        "columns": {
            column.name: _statistics(train[column.name], column) for column in use_case.columns
        },
    }


def dataset_sha256(hashes: list[str]) -> str:
    """One file: its own sha256, as sha256sum prints it. Several: the sha256 of their hashes, in order."""
    if len(hashes) == 1:
        return hashes[0]
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def _statistics(values: pd.Series[Any], column: Column) -> dict[str, Any]:
    if not column.is_number:
        found = values.value_counts()
        return {
            "type": column.type,
            "rows": len(values),
            "missing": int(found.get("", 0)),
            "counts": {value: int(found.get(value, 0)) for value in column.values},
        }
    numbers = values.to_numpy(dtype=np.float64)
    present = numbers[~np.isnan(numbers)]
    statistics = {"type": column.type, "rows": len(numbers), "missing": len(numbers) - len(present)}
    if not len(present):
        return statistics
    counts, edges = np.histogram(present, bins=BINS)
    return {
        **statistics,
        "minimum": float(present.min()),
        "maximum": float(present.max()),
        "mean": float(present.mean()),
        "standard_deviation": float(present.std()),
        "quantiles": {
            f"{share:g}": float(value)
            for share, value in zip(QUANTILES, np.quantile(present, QUANTILES), strict=True)
        },
        "histogram": {"edges": edges.tolist(), "counts": counts.tolist()},
    }


def load_profile(folder: Path, use_case: UseCase) -> dict[str, Any]:
    path = folder / PROFILE_FILE
    try:
        profile: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise JobError(f"Cannot read {path}, which the preprocess job writes: {error}") from error
    if profile.get("use_case") != use_case.name:
        raise JobError(
            f"{path} is the profile of the use case {profile.get('use_case')!r}, expected "
            f"{use_case.name!r}. Run preprocess again for this use case."
        )
    return profile


def check_part(path: Path, part: str, profile: dict[str, Any]) -> None:
    """Is this the very file that preprocess wrote? A changed one would make the lineage a lie."""
    found = f"sha256 {file_sha256(path)}" if path.is_file() else "no such file"
    expected = f"sha256 {profile['split'][part]['sha256']}"
    if found != expected:
        raise JobError(
            f"{path} is not what preprocess wrote: found {found}, expected {expected}. "
            "Do not change files between the jobs; run preprocess again."
        )
