"""Predict with an ensemble of trees by looking up tables, many rows at once.

Walking down hundreds of trees costs a jump that the processor cannot foresee at every node. Here each tree
has one bit a leaf, and each column a table: for every interval between two of its thresholds, the leaves of
each tree that a value there leaves open. The bits of a row's columns are combined with AND; of those left
over, the lowest is the leaf. This is QuickScorer (Lucchese et al., SIGIR 2015) with the columns' conditions
added up in advance. numpy does it for a chunk of rows in a few calls, in double precision.

    edges, edge_counts   thresholds of every column, ascending, the last infinity; their number
    masks                (intervals of all columns, trees): the open leaves; NaN has an interval of its own
    leaves               (trees, leaves): their values
    targets, divisor, slope, link, zero_is_first   from the leaves to predictions, as in ml.export.trees
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt

CHUNK_CELLS = 32 * 1024  # rows x trees looked at together: what the processor's nearer caches hold

Matrix = npt.NDArray[np.float64]


class TreeTables:
    """The tables of one model, and how to predict with them."""

    def __init__(self, content: bytes) -> None:
        """`content` is what `ml.export.table_export` wrote."""
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            counts = arrays["edge_counts"]
            self._edges = np.split(arrays["edges"], np.cumsum(counts)[:-1])
            self._masks: npt.NDArray[Any] = arrays["masks"]
            leaves = arrays["leaves"]
            self._targets = int(arrays["targets"])
            self._divisor, self._slope = float(arrays["divisor"]), float(arrays["slope"])
            self._link = str(arrays["link"])
            self._zero_is_first = bool(arrays["zero_is_first"])
        # A column's intervals: one up to each edge, and one for NaN, which numpy sorts behind infinity.
        self._offsets = np.cumsum(counts + 1) - (counts + 1)
        self._leaves = leaves.ravel()
        trees, width = leaves.shape
        self._first_leaf = np.arange(trees, dtype=np.int32) * width
        self._chunk = max(1, CHUNK_CELLS // trees)

    def predict(self, rows: Matrix) -> list[npt.NDArray[Any]]:
        """Values, or for classes the positions of the labels and (rows, classes) probabilities."""
        sums = np.empty((len(rows), self._targets))
        for begin in range(0, len(rows), self._chunk):
            part = rows[begin : begin + self._chunk]
            sums[begin : begin + self._chunk] = self._sums(part)
        if self._divisor != 1:
            sums /= self._divisor
        return self._linked(sums)

    def _sums(self, rows: Matrix) -> Matrix:
        """The sum of the leaves' values for each target."""
        open_leaves = None
        for column, (edges, offset) in enumerate(zip(self._edges, self._offsets, strict=True)):
            masks = self._masks.take(np.searchsorted(edges, rows[:, column]) + offset, axis=0)
            open_leaves = (
                masks if open_leaves is None else np.bitwise_and(open_leaves, masks, masks)
            )
        assert open_leaves is not None
        leaves = _lowest_bit(open_leaves)
        leaves += self._first_leaf
        # Transposed, so that trees are added one after another as scikit-learn does, with the same rounding.
        values = self._leaves.take(np.ascontiguousarray(leaves.T))
        sums: Matrix = values.reshape(-1, self._targets, len(rows)).sum(axis=0).T
        return sums

    def _linked(self, sums: Matrix) -> list[npt.NDArray[Any]]:
        if self._link == "identity":
            return [sums[:, 0]]
        if self._link == "exp":
            return [np.exp(sums[:, 0])]
        if self._link == "sigmoid":
            scores = sums[:, 0]
            with np.errstate(over="ignore"):  # exp(1000) is infinity, and 1 / infinity is right
                second = 1.0 / (1.0 + np.exp(-self._slope * scores))
            above = scores > 0 if self._zero_is_first else scores >= 0
            return [above.astype(np.int64), np.column_stack([1.0 - second, second])]
        labels = sums.argmax(axis=1)
        if self._link == "softmax":
            shares = np.exp(sums - sums.max(axis=1, keepdims=True))
            sums = shares / shares.sum(axis=1, keepdims=True)
        return [labels, sums]


def _lowest_bit(bits: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    """Its position, read from the exponent of the floating-point number that it makes alone."""
    bits &= ~bits + bits.dtype.type(1)
    if bits.dtype.itemsize <= 4:
        exponents = bits.astype(np.float32).view(np.int32) >> 23
        exponents -= 127
        return exponents
    wide = (bits.astype(np.float64).view(np.int64) >> 52) - 1023
    return wide.astype(np.int32)
