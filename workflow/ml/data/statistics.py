"""Statistics of a column that comes in chunks: exact, in memory that does not grow with the rows.

A first pass finds the extremes and the mean; a second one counts values in narrow, equal cells between the
extremes. Every quantile and every border of the histogram falls into one of them; a third pass keeps the
values of those few cells, so that ranks and borders are told exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.data.column_cells import Floats

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
BINS = 20
# Of the bins that hold equally many values; each holds at least BIN_ROWS, so that no border tells of one row.
QUANTILE_BINS = 100
BIN_ROWS = 10
_CELLS = 1 << 14
_LARGE = 1e140
_SHARE = 2.0**-600

Chunks = Callable[[], Iterator[Floats]]


def numbers_statistics(chunks: Chunks) -> dict[str, Any]:
    """`chunks` yields the column's values, NaN where there is none, and the same ones each time."""
    rows = present = 0
    total, low, high = 0.0, np.inf, -np.inf
    for size, values in _present(chunks):
        rows += size
        if len(values):
            present += len(values)
            with np.errstate(over="ignore"):
                total += float(values.sum())
            low = min(low, float(values.min()))
            high = max(high, float(values.max()))
    found: dict[str, Any] = {"rows": rows, "missing": rows - present}
    if not present:
        return found
    if max(-low, high) > _LARGE:
        return {**found, **_scaled(chunks), "minimum": low, "maximum": high}
    mean = total / present
    grid = _Grid(low, high)
    squares = 0.0
    for _, values in _present(chunks):
        squares += float(np.square(values - mean).sum())
        grid.count(values)
    edges = _edges(low, high)
    ranks = _Ranks(grid, edges, chunks)
    return {
        **found,
        "minimum": low,
        "maximum": high,
        "mean": mean,
        "standard_deviation": float(np.sqrt(squares / present)),
        "quantiles": {f"{share:g}": ranks.quantile(share) for share in QUANTILES},
        "histogram": {"edges": edges.tolist(), "counts": ranks.histogram()},
        "bins": ranks.bins(),
    }


def _scaled(chunks: Chunks) -> dict[str, Any]:
    """The same of values whose squares are no finite numbers: of a small share of each, and back."""
    small = numbers_statistics(lambda: (values * _SHARE for values in chunks()))
    quantiles = {share: value / _SHARE for share, value in small["quantiles"].items()}
    edges = [edge / _SHARE for edge in small["histogram"]["edges"]]
    borders = [edge / _SHARE for edge in small["bins"]["edges"]]
    return {
        **small,
        **{name: small[name] / _SHARE for name in ("mean", "standard_deviation")},
        "quantiles": quantiles,
        "histogram": {"edges": edges, "counts": small["histogram"]["counts"]},
        "bins": {"edges": borders, "counts": small["bins"]["counts"]},
    }


def _present(chunks: Chunks) -> Iterator[tuple[int, Floats]]:
    for values in chunks():
        missing = np.isnan(values)
        yield len(values), values[~missing] if missing.any() else values


def _edges(low: float, high: float) -> Floats:
    """As numpy.histogram_bin_edges: a constant gets half a unit on either side."""
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, BINS + 1)


class _Grid:
    """Equal cells between the extremes, and how many values are in each."""

    def __init__(self, low: float, high: float) -> None:
        self._low = low
        width = high - low
        # Values next to each other, or as far apart as floats go: one cell holds them all.
        self._scale = _CELLS / width if 0 < width < np.inf and _CELLS / width < np.inf else 0.0
        self.counts = np.zeros(_CELLS, dtype=np.int64)

    def cell(self, values: Floats) -> npt.NDArray[np.intp]:
        """Never decreasing with the value: what makes ranks of cells ranks of values."""
        places = (values - self._low) * self._scale if self._scale else np.zeros(len(values))
        return np.clip(places, 0, _CELLS - 1).astype(np.intp)

    def count(self, values: Floats) -> None:
        self.counts += np.bincount(self.cell(values), minlength=_CELLS)


class _Ranks:
    """The values around every rank and border asked for, in order."""

    def __init__(self, grid: _Grid, edges: Floats, chunks: Chunks) -> None:
        self._grid = grid
        self._edges = edges
        self._before = np.concatenate([[0], np.cumsum(grid.counts)])
        self._rows = int(self._before[-1])
        wanted = np.zeros(len(grid.counts), dtype=bool)
        wanted[grid.cell(edges)] = True
        parts = min(QUANTILE_BINS, max(2, self._rows // BIN_ROWS))
        self._borders = [part / parts for part in range(1, parts)]
        for share in (*QUANTILES, *self._borders):
            place = share * (self._rows - 1)
            for rank in (int(np.floor(place)), int(np.ceil(place))):
                wanted[self._cell_of(rank)] = True
        kept = [values[wanted[grid.cell(values)]] for _, values in _present(chunks)]
        self._kept = np.sort(np.concatenate(kept))
        self._cells = grid.cell(self._kept)

    def _cell_of(self, rank: int) -> int:
        return int(np.searchsorted(self._before, rank, side="right")) - 1

    def _value(self, rank: int) -> float:
        cell = self._cell_of(rank)
        first = int(np.searchsorted(self._cells, cell))
        return float(self._kept[first + rank - int(self._before[cell])])

    def quantile(self, share: float) -> float:
        """Between two values in proportion, as numpy.quantile does by default."""
        place = share * (self._rows - 1)
        below = int(np.floor(place))
        low, high = self._value(below), self._value(int(np.ceil(place)))
        return low if low == high else low + (high - low) * (place - below)

    def histogram(self) -> list[int]:
        """A value on a border counts to the right of it, the largest to the last bin."""
        below = [self._below(edge) for edge in self._edges.tolist()]
        below[-1] = self._rows
        below[0] = 0
        return np.diff(below).tolist()

    def bins(self) -> dict[str, Any]:
        """Bins between quantiles, open at both ends; a value on a border counts to the right of it.

        Fewer where many values are equal: a border that is there already adds no bin.
        """
        edges = sorted({self.quantile(share) for share in self._borders})
        below = [0, *(self._below(edge) for edge in edges), self._rows]
        return {"edges": edges, "counts": np.diff(below).tolist()}

    def _below(self, edge: float) -> int:
        """How many values are less than a border, whose cell is one that was kept or is empty."""
        cell = int(self._grid.cell(np.array([edge]))[0])
        first, last = np.searchsorted(self._cells, [cell, cell + 1])
        inside = int(np.searchsorted(self._kept[first:last], edge))
        return int(self._before[cell]) + inside
