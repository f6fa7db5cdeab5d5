"""The cells of one column in one chunk of rows, as numbers or as texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Union

import numpy as np
import numpy.typing as npt

from ml.config.cells import parse_number, parse_numbers

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Texts:
    """Texts of a column as positions in a list of distinct values, so that each value is checked once."""

    values: list[str]
    codes: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.codes)

    def flags(self, wanted: Sequence[bool]) -> Flags:
        """For every row, the flag that `wanted` has for its value."""
        return np.array(wanted, dtype=bool)[self.codes]

    def array(self) -> npt.NDArray[Any]:
        return np.array(self.values, dtype=object)[self.codes]


Values = Union[Floats, Texts]  # noqa: UP007 - evaluated at run time, on Python 3.10 too


class Cells(Protocol):
    """Cells without the spaces around them."""

    def numbers(self) -> tuple[Floats, Flags | None]:
        """NaN where a cell holds no number, and which cells are empty (None: no cell is)."""

    def texts(self) -> Texts: ...

    def at(self, positions: Sequence[int]) -> list[str]:
        """Some cells as they stand in the file."""


class ListCells:
    """Cells that Python's csv module read."""

    def __init__(self, cells: list[str]) -> None:
        self._cells = cells

    def numbers(self) -> tuple[Floats, Flags | None]:
        fast = parse_numbers(self._cells) if all(self._cells) else None
        if fast is not None:
            return np.array(fast, dtype=np.float64), None
        parsed = [parse_number(cell) for cell in self._cells]
        values = np.array([np.nan if value is None else value for value in parsed], np.float64)
        return values, np.array([not cell for cell in self._cells], dtype=bool)

    def texts(self) -> Texts:
        codes = {value: code for code, value in enumerate(dict.fromkeys(self._cells))}
        return Texts(list(codes), np.array([codes[cell] for cell in self._cells], dtype=np.int32))

    def at(self, positions: Sequence[int]) -> list[str]:
        return [self._cells[position] for position in positions]
