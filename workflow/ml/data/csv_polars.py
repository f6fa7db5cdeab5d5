"""Parse a chunk of a CSV file with polars: the same cells as csv_rows.parse_carefully, but many times faster.

What polars would read differently (a row of another length, an empty line, a lone carriage return) is
left to the csv module; so is a chunk that polars refuses for any reason.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ml.config.cells import parse_number
from ml.data.column_cells import Cells, Flags, Floats, Texts
from ml.data.csv_files import CsvFile
from ml.data.csv_rows import Chunk, ParsedChunk, parse_carefully

try:
    import polars as pl
except ImportError:  # the prebuilt scikit-learn image has no polars
    pl = None  # type: ignore[assignment]


def installed() -> bool:
    return pl is not None


def parse_chunk(chunk: Chunk, file: CsvFile, numbers: frozenset[str], fast: bool) -> ParsedChunk:
    """The rows of a chunk; `numbers` are the columns that should hold numbers."""
    if chunk.parsed is not None:
        return chunk.parsed
    parsed = parse_fast(chunk.content, file, numbers) if fast else None
    return parsed if parsed is not None else parse_carefully(chunk.content, file)[0]


def parse_fast(content: bytes, file: CsvFile, numbers: frozenset[str]) -> ParsedChunk | None:
    """The rows of `content`, which has no quotes; None where only the csv module can tell."""
    width = len(file.header)
    names = file.single_columns()
    if width < 2 or len(names) < width or any(file.header.count(name) > 1 for name in names):
        return None
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n")
        if b"\r" in content:
            return None
    characters = np.frombuffer(content, dtype=np.uint8)
    ends = np.flatnonzero(characters == ord("\n"))
    if content.startswith(b"\n") or (np.diff(ends) == 1).any():  # an empty line
        return None
    lines = len(ends) + (not content.endswith(b"\n"))
    # A row that is too long is refused by polars; so with the right sum no row is too short either.
    if int(np.count_nonzero(characters == ord(file.delimiter))) != lines * (width - 1):
        return None
    texts = _Texts(content, file)
    frame = _read(content, file, numbers)
    if frame is None:  # a number column holds something else
        frame = texts.frame()
    if frame is None or frame.height != lines:
        return None
    columns: dict[str, Cells] = {}
    for name in names:
        series = frame.get_column(name)
        if series.dtype == pl.String:
            columns[name] = StringCells(series.fill_null(""))
        else:
            columns[name] = FloatCells(series, name, texts)
    return ParsedChunk(columns, lines, None, lines)


def _read(content: bytes, file: CsvFile, numbers: frozenset[str]) -> pl.DataFrame | None:
    try:
        return pl.read_csv(
            content,
            has_header=False,
            schema={name: pl.Float64() if name in numbers else pl.String() for name in file.header},
            separator=file.delimiter,
            quote_char=None,
            truncate_ragged_lines=False,
        )
    except pl.exceptions.PolarsError:
        return None


class _Texts:
    """The chunk parsed again with every cell as text, on demand."""

    def __init__(self, content: bytes, file: CsvFile) -> None:
        self._content = content
        self._file = file
        self._frame: pl.DataFrame | None = None

    def frame(self) -> pl.DataFrame | None:
        if self._frame is None:
            self._frame = _read(self._content, self._file, frozenset())
        return self._frame

    def column(self, name: str) -> StringCells:
        frame = self.frame()
        if frame is None:
            raise AssertionError("the chunk was parsed before, so it can be parsed again")
        return StringCells(frame.get_column(name).fill_null(""))


class FloatCells:
    """Cells that polars parsed as numbers."""

    def __init__(self, series: pl.Series, name: str, texts: _Texts) -> None:
        self._series = series
        self._name = name
        self._texts = texts

    def numbers(self) -> tuple[Floats, Flags | None]:
        values = self._series.to_numpy() + 0.0  # -0.0 is 0.0, see cells.parse_number
        empty = self._series.null_count()
        # "inf", "NaN" and 1e999 are numbers to polars and text to the gate.
        if np.count_nonzero(np.isfinite(values)) + empty != len(values):
            return self._texts.column(self._name).numbers()
        return values, np.isnan(values) if empty else None

    def texts(self) -> Texts:
        return self._texts.column(self._name).texts()

    def at(self, positions: Sequence[int]) -> list[str]:
        return self._texts.column(self._name).at(positions)


class StringCells:
    """Cells that polars read as text, with the spaces around them."""

    def __init__(self, series: pl.Series) -> None:
        self._series = series

    def numbers(self) -> tuple[Floats, Flags | None]:
        values = self._series.cast(pl.Float64, strict=False).to_numpy() + 0.0
        odd = np.flatnonzero(~np.isfinite(values))
        empty = np.zeros(len(values), dtype=bool)
        for position, cell in zip(odd.tolist(), self.at(odd.tolist()), strict=True):
            number = parse_number(cell)
            values[position] = np.nan if number is None else number
            empty[position] = not cell
        return values, empty

    def texts(self) -> Texts:
        distinct = self._series.unique(maintain_order=True)
        values = [value.strip() for value in distinct.to_list()]
        codes = self._series.cast(pl.Enum(distinct)).to_physical().to_numpy().astype(np.int32)
        known = {value: code for code, value in enumerate(dict.fromkeys(values))}
        if len(known) < len(values):  # " red" and "red" are one value
            codes = np.array([known[value] for value in values], dtype=np.int32)[codes]
        return Texts(list(known), codes)

    def at(self, positions: Sequence[int]) -> list[str]:
        return [cell.strip() for cell in self._series.gather(list(positions)).to_list()]
