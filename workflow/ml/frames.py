"""The CSV files between the jobs: written and read back without changing one bit of a value."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pandas as pd

from ml.errors import JobError
from ml.use_case import UseCase

# Until pandas 3.1 the default parser may be one bit off, and from 3.1 on the argument is deprecated.
_EXACT: dict[str, Any] = (
    {"float_precision": "round_trip"}
    if tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1)
    else {}
)


def make_frame(arrays: dict[str, npt.NDArray[Any]]) -> pd.DataFrame:
    """A frame that keeps the arrays' types: pandas 3 would turn object columns into its own strings."""
    return pd.DataFrame(
        {name: pd.Series(values, dtype=values.dtype) for name, values in arrays.items()}
    )


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """Numbers as the shortest text that reads back to the same bits; LF on every system."""
    frame.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def read_frame(path: Path, use_case: UseCase) -> pd.DataFrame:
    """A file that write_frame wrote, with the use case's columns and types."""
    if not path.is_file():
        raise JobError(f"{path} is missing; the preprocess job writes it.")
    numbers = [column.name for column in use_case.columns if column.is_number]
    texts = [column.name for column in use_case.columns if not column.is_number]
    dtypes: dict[str, type] = {**dict.fromkeys(numbers, float), **dict.fromkeys(texts, object)}
    frame = pd.read_csv(
        path,
        dtype=dtypes,
        keep_default_na=False,  # "NA" is a text like any other; only an empty number is missing
        na_values={name: [""] for name in numbers},
        encoding="utf-8",
        **_EXACT,
    )
    if list(frame.columns) != use_case.column_names:
        raise JobError(
            f"{path} has the columns {', '.join(map(str, frame.columns))}; the use case "
            f"{use_case.name} expects {', '.join(use_case.column_names)}. Run preprocess again: "
            "its output belongs to another use case."
        )
    return frame


def file_sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
