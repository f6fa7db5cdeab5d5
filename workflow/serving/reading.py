"""A fast path from a request's body to a matrix, for rows that are right.

Anything unusual (an error, a quote, a number that JSON writes otherwise) gives None, and
ml.inference.requests reads it or says what is wrong. Nothing is refused here; but what is refused there must
never be accepted here.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import orjson

from ml.config.cells import parse_numbers
from ml.config.use_case import Column, UseCase

Matrix = npt.NDArray[np.float64]
Codes = dict[str, dict[str, int]]  # the codes of a category's texts, by column
CHUNK_BYTES = 256 * 1024  # of a CSV body: bounds the memory of the objects between text and matrix
FEW_ROWS = 4  # up to here a loop in Python is faster than calling numpy

_NUMBERS = b"0123456789+-.eE "
_FINITE = sys.float_info.max  # bounds where the use case gives none: infinity and NaN are refused


class FastReader:
    """Reads the bodies of one use case."""

    def __init__(self, use_case: UseCase, codes: Codes) -> None:
        columns = use_case.features
        self._count = len(columns)
        self._commas = b"," * (self._count - 1) + b"\n"
        # Rows of plain numbers are checked as a whole, others column by column.
        self._plain = all(c.is_number and not c.maximum_missing_share for c in columns)
        self._columns = [_FastColumn(column, codes.get(column.name)) for column in columns]
        self._low = [column.low for column in self._columns]
        self._high = [column.high for column in self._columns]
        self._lows, self._highs = np.array(self._low), np.array(self._high)
        self._whole = [i for i, column in enumerate(self._columns) if column.whole]
        names = use_case.feature_names
        # With one name itemgetter gives the value itself instead of a tuple.
        self._values_of = itemgetter(*names) if self._count > 1 else None

    def csv(self, chunk: bytes) -> Matrix | None:
        """Lines without quotes."""
        if not chunk:
            return None
        if not self._plain:
            return self._csv_of_texts(chunk)
        # Without the characters of numbers, lines of plain numbers are nothing but their commas.
        rest = chunk.translate(None, _NUMBERS) + b"\n"
        if rest != self._commas * (len(rest) // self._count):
            return None
        # The JSON parser is several times faster than splitting in Python. Only the characters above
        # are in the chunk, so no cell can hold a bracket or a word.
        try:
            cells = orjson.loads(b"[" + chunk.replace(b"\n", b",") + b"]")
        except orjson.JSONDecodeError:
            return None  # a number that JSON does not write so, such as +1 or .5
        if not cells:  # spaces alone, where a row has one column
            return None
        return self._in_range(_as_matrix(cells, self._count))

    def _csv_of_texts(self, chunk: bytes) -> Matrix | None:
        if b'"' in chunk or b"\r" in chunk:
            return None
        try:
            lines = chunk.decode().split("\n")
        except UnicodeDecodeError:
            return None
        rows = [line.split(",") for line in lines]
        if set(map(len, rows)) != {self._count}:
            return None
        return self._by_column(rows, as_text=True)

    def json(self, body: bytes) -> Matrix | None:
        """{"instances": [[...], ...]}, with lists or objects."""
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            return None
        if type(document) is not dict or len(document) != 1:
            return None
        return self._listed(document.get("instances"))

    def json_lines(self, body: bytes) -> Matrix | None:
        if b"\r" in body:
            body = body.replace(b"\r\n", b"\n")
            if (
                b"\r" in body
            ):  # white space inside a line to JSON, the end of it to ml.inference.requests
                return None
        try:
            rows = [orjson.loads(line) for line in body.split(b"\n") if line]
        except orjson.JSONDecodeError:
            return None
        return self._listed(rows)

    def _listed(self, rows: Any) -> Matrix | None:
        if type(rows) is not list or not rows:
            return None
        kinds = set(map(type, rows))
        if kinds == {list}:
            return self._matrix(rows)
        if kinds == {dict} and self._values_of and set(map(len, rows)) == {self._count}:
            try:
                return self._matrix(list(map(self._values_of, rows)))
            except KeyError:
                return None
        return None

    def _matrix(self, rows: list[Any]) -> Matrix | None:
        if not self._plain:
            right = set(map(len, rows)) == {self._count}
            return self._by_column(rows, as_text=False) if right else None
        if len(rows) <= FEW_ROWS:
            for row in rows:
                if len(row) != self._count:
                    return None
                for value, low, high in zip(row, self._low, self._high, strict=True):
                    kind = type(value)
                    # Not isinstance: True is an int to Python and nothing to a model. NaN fails here too.
                    if (kind is not float and kind is not int) or not low <= value <= high:
                        return None
            return self._final(np.array(rows, dtype=np.float64))
        if set(map(len, rows)) != {self._count}:
            return None
        cells = list(chain.from_iterable(rows))
        if not set(map(type, cells)) <= {float, int}:
            return None
        return self._in_range(_as_matrix(cells, self._count))

    def _in_range(self, matrix: Matrix) -> Matrix | None:
        right = (matrix >= self._lows) & (matrix <= self._highs)
        return self._final(matrix) if right.all() else None

    def _final(self, matrix: Matrix) -> Matrix | None:
        for index in self._whole:
            column = matrix[:, index]
            if not (column == np.floor(column)).all():
                return None
        matrix += 0.0  # -0.0 is 0.0, as everywhere else
        return matrix

    def _by_column(self, rows: list[Any], as_text: bool) -> Matrix | None:
        matrix = np.empty((len(rows), self._count))
        for index, (column, cells) in enumerate(
            zip(self._columns, zip(*rows, strict=True), strict=True)
        ):
            values = column.texts(cells) if as_text else column.values(cells)
            if values is None:
                return None
            matrix[:, index] = values
        matrix += 0.0
        return matrix


def _as_matrix(cells: list[float], columns: int) -> Matrix:
    return np.fromiter(cells, np.float64, len(cells)).reshape(-1, columns)


class _FastColumn:
    """One column's cells as numbers: the value, the code of a category, NaN where nothing is."""

    def __init__(self, column: Column, codes: dict[str, int] | None) -> None:
        self.low = -_FINITE if column.minimum is None else column.minimum
        self.high = _FINITE if column.maximum is None else column.maximum
        self.whole = column.type == "integer"
        self._missing = column.maximum_missing_share > 0
        self._codes = codes

    def texts(self, cells: tuple[str, ...]) -> Sequence[float] | Matrix | None:
        """Cells of a CSV line."""
        if self._codes is not None:
            return self._coded(cells)
        if self._missing and "" in cells:
            numbers = parse_numbers([cell or "0" for cell in cells])
            if numbers is None:
                return None
            pairs = zip(cells, numbers, strict=True)
            return self._checked([number if cell else math.nan for cell, number in pairs])
        numbers = parse_numbers(list(cells))
        return None if numbers is None else self._checked(numbers)

    def values(self, cells: tuple[Any, ...]) -> Sequence[float] | Matrix | None:
        """Cells of a JSON row."""
        if self._codes is not None:
            return self._coded(["" if cell is None else cell for cell in cells])
        kinds = set(map(type, cells))
        if kinds <= {float, int}:
            return self._checked(cells)
        if self._missing and kinds <= {float, int, type(None)}:
            return self._checked([math.nan if cell is None else cell for cell in cells])
        return None

    def _coded(self, cells: Sequence[Any]) -> list[int] | None:
        assert self._codes is not None
        try:
            codes = [self._codes.get(cell) for cell in cells]
        except TypeError:  # a list or an object where a text belongs
            return None
        return None if None in codes else cast(list[int], codes)

    def _checked(self, numbers: Sequence[float]) -> Matrix | None:
        values = np.array(numbers, dtype=np.float64)
        right = (values >= self.low) & (values <= self.high)
        if self.whole:
            right &= values == np.floor(values)
        if self._missing:
            right |= np.isnan(values)
        return values if right.all() else None


def csv_chunks(body: bytes, size: int = CHUNK_BYTES) -> Iterator[bytes]:
    """A CSV body cut at line ends into chunks; one chunk where a line may not be a row."""
    if b"\r" in body:
        body = body.replace(b"\r\n", b"\n")
    body = body.rstrip(b"\r\n")
    if b'"' in body or b"\r" in body or b"\n\n" in body or len(body) <= size:
        yield body
        return
    start, length = 0, len(body)
    while start < length:
        end = length if length - start <= size else body.rfind(b"\n", start, start + size)
        if end < 0:  # a line longer than a chunk
            end = body.find(b"\n", start)
            end = length if end < 0 else end
        yield body[start:end]
        start = end + 1
