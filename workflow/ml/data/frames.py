"""The files between the jobs: written chunk by chunk, and read back without changing one bit of a value.

A split (train or test) of up to PARQUET_ROWS rows is CSV, which everybody can open; a larger one is Parquet
where polars is installed: a tenth of the time to read and write, and half the size.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ml.config.use_case import UseCase
from ml.data import parquet
from ml.data.column_cells import Texts, Values
from ml.errors import JobError

if TYPE_CHECKING:  # pandas takes most of a second to import, and preprocess may do without it
    import pandas as pd

PARQUET_ROWS = 100_000
SAMPLE_ROWS = 100


def make_frame(arrays: dict[str, npt.NDArray[Any]]) -> pd.DataFrame:
    """A frame that keeps the arrays' types: pandas 3 would turn object columns into its own strings."""
    import pandas as pd

    return pd.DataFrame(
        {name: pd.Series(values, dtype=values.dtype) for name, values in arrays.items()}
    )


def frame_of(chunks: Sequence[dict[str, Values]], use_case: UseCase) -> pd.DataFrame:
    """Chunks of rows as one frame, columns in the use case's order."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    for column in use_case.columns:
        arrays[column.name] = np.concatenate([values_of(chunk[column.name]) for chunk in chunks])
    return make_frame(arrays)


def values_of(values: Values) -> npt.NDArray[Any]:
    return values.array() if isinstance(values, Texts) else values


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """Numbers as the shortest text that reads back to the same bits; LF on every system."""
    with path.open("w", encoding="utf-8", newline="") as file:
        _append(frame, file, header=True)


def write_split(
    chunks: Iterable[dict[str, Values]], use_case: UseCase, folder: Path, split: str, rows: int
) -> Path:
    """Write a split of `rows` rows as {split}.csv or {split}.parquet; the path it was written to."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in (f"{split}.csv", f"{split}.parquet", "sample.csv"):  # of an earlier, other run
        (folder / left).unlink(missing_ok=True)
    if rows > PARQUET_ROWS and parquet.installed():
        path = folder / f"{split}.parquet"
        parquet.write(chunks, use_case, path)
        return path
    path = folder / f"{split}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        header = True
        for chunk in chunks:
            _append(frame_of([chunk], use_case), file, header)
            header = False
    return path


def _append(frame: pd.DataFrame, file: Any, header: bool) -> None:
    texts = [frame[name] for name in frame.columns if frame[name].dtype == object]
    # The csv module leaves a lone carriage return without quotes, and every reader ends the line there.
    returns = any("\r" in str(text) for values in texts for text in values.unique())
    frame.to_csv(
        file,
        index=False,
        lineterminator="\n",
        header=header,
        quoting=csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL,
    )


def write_sample(chunks: Iterable[dict[str, Values]], use_case: UseCase, folder: Path) -> None:
    """Write the first rows of a split, for readers that need not or cannot read all of it."""
    columns = [values_of(values)[:SAMPLE_ROWS].tolist() for values in next(iter(chunks)).values()]
    with (folder / "sample.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(use_case.column_names)
        writer.writerows(
            ["" if cell != cell else cell for cell in row]  # NaN
            for row in zip(*columns, strict=True)
        )


def find_split(folder: Path, split: str) -> Path:
    """The file that write_split wrote: {split}.parquet or {split}.csv."""
    paths = [folder / f"{split}.parquet", folder / f"{split}.csv"]
    found = [path for path in paths if path.is_file()]
    if len(found) > 1:
        raise JobError(
            f"{folder} holds {found[0].name} and {found[1].name}, so which one is meant is not known. "
            "Empty the folder and run preprocess again."
        )
    return found[0] if found else paths[1]


def read_frame(path: Path, use_case: UseCase) -> pd.DataFrame:
    """A file that write_frame or write_split wrote, with the use case's columns and types."""
    if not path.is_file():
        raise JobError(f"{path} is missing; the preprocess job writes it.")
    if path.suffix == ".parquet":
        check_names(path, parquet.column_names(path), use_case)
        return _frame_around(*parquet.read(path, use_case), use_case)
    import pandas as pd

    # Until pandas 3.1 the default parser may be one bit off, and from 3.1 on the argument is deprecated.
    old = tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1)
    exact: dict[str, Any] = {"float_precision": "round_trip"} if old else {}
    numbers = [column.name for column in use_case.columns if column.is_number]
    texts = [column.name for column in use_case.columns if not column.is_number]
    dtypes: dict[str, type] = {**dict.fromkeys(numbers, float), **dict.fromkeys(texts, object)}
    frame = pd.read_csv(
        path,
        dtype=dtypes,
        keep_default_na=False,  # "NA" is a text like any other; only an empty number is missing
        na_values={name: [""] for name in numbers},
        encoding="utf-8",
        lineterminator="\n",
        **exact,
    )
    check_names(path, list(map(str, frame.columns)), use_case)
    return frame


def _frame_around(
    numbers: npt.NDArray[np.float64], texts: dict[str, npt.NDArray[Any]], use_case: UseCase
) -> pd.DataFrame:
    """A frame that uses the memory of `numbers`, which may be most of what there is."""
    import pandas as pd

    names = [column.name for column in use_case.columns if column.is_number]
    frame = pd.DataFrame(numbers.T, columns=names, copy=False)
    for position, column in enumerate(use_case.columns):
        if column.name in texts:
            values = texts[column.name]
            frame.insert(position, column.name, pd.Series(values, dtype=values.dtype))
    return frame


def check_names(path: Path, names: list[str], use_case: UseCase) -> None:
    if names != use_case.column_names:
        raise JobError(
            f"{path} has the columns {', '.join(names)}; the use case "
            f"{use_case.name} expects {', '.join(use_case.column_names)}. Run preprocess again: "
            "its output belongs to another use case."
        )
