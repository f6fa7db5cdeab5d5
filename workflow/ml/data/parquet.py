"""Splits of millions of rows as Parquet, written and read with polars where it is installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.config.use_case import UseCase
from ml.data.column_cells import Floats, Texts, Values
from ml.errors import JobError

try:
    import polars as pl
except ImportError:  # the prebuilt scikit-learn image has no polars
    pl = None  # type: ignore[assignment]

ROW_GROUP = 1 << 18  # rows; the writer holds a few groups in memory


def installed() -> bool:
    return pl is not None


def write(chunks: Iterable[dict[str, Values]], use_case: UseCase, path: Path) -> None:
    """Write the rows in the order of the chunks; the same rows give the same bytes."""
    from polars.io.plugins import register_io_source

    schema = {
        column.name: pl.Float64() if column.is_number else pl.String()
        for column in use_case.columns
    }

    def frames(*_: object) -> Iterator[pl.DataFrame]:  # polars offers to select: not needed
        for chunk in chunks:
            yield pl.DataFrame([_series(name, chunk[name]) for name in schema])

    register_io_source(frames, schema=schema).sink_parquet(
        path, compression="lz4", row_group_size=ROW_GROUP, statistics=False, engine="streaming"
    )


def _series(name: str, values: Values) -> pl.Series:
    if isinstance(values, Texts):
        return pl.Series(name, values.values, dtype=pl.String).gather(pl.Series(values.codes))
    return pl.Series(name, values)


def column_names(path: Path) -> list[str]:
    if pl is None:
        raise JobError(
            f"{path} is Parquet, which this environment cannot read: polars is not installed. "
            "Run all jobs of a run in the same image: set ImageTag to an own image."
        )
    try:
        return list(pl.read_parquet_schema(path))
    except pl.exceptions.PolarsError as error:
        raise JobError(f"{path} is not the Parquet that preprocess writes: {error}") from error


def read(path: Path, use_case: UseCase) -> tuple[Floats, dict[str, npt.NDArray[Any]]]:
    """The numbers as one array, with one row per column of the file, and each text column.

    Columns are read one at a time, so that polars' copy of one is freed before the next is read.
    """
    names = [column.name for column in use_case.columns if column.is_number]
    rows = pl.scan_parquet(path).select(pl.len()).collect().item()
    numbers = np.empty((len(names), rows))
    texts: dict[str, npt.NDArray[Any]] = {}
    for column in use_case.columns:
        series = pl.read_parquet(path, columns=[column.name]).get_column(column.name)
        if column.is_number:
            numbers[names.index(column.name)] = series.to_numpy()
        else:
            texts[column.name] = np.array(series.to_list(), dtype=object)
    return numbers, texts
