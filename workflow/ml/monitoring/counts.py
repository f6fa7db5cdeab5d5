"""Counts of a column's later values in the bins of its baseline: all that is kept of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ml.config.use_case import Column
from ml.data.column_cells import ListCells
from ml.monitoring.baseline import (
    TEXT_PARTS,
    Baseline,
    CategoryBaseline,
    NumberBaseline,
    TextBaseline,
)

Floats = npt.NDArray[np.float64]


class Counts(Protocol):
    def add(self, cells: Sequence[Any], as_text: bool) -> None: ...


class NumberCounts:
    """Of numbers: rows by bin, empty cells, cells that hold no number, values outside the training range."""

    def __init__(self, baseline: NumberBaseline) -> None:
        self.baseline = baseline
        self._edges = np.array(baseline.edges, dtype=np.float64)
        self.bins = np.zeros(len(baseline.edges) + 1, dtype=np.int64)
        self.rows = self.missing = self.unreadable = self.outside = 0
        self._sum = 0.0

    def add(self, cells: Sequence[Any], as_text: bool) -> None:
        if as_text:
            values, empty = ListCells([str(cell) for cell in cells]).numbers()
            missing = 0 if empty is None else int(empty.sum())
        else:
            values = np.array([_number(cell) for cell in cells], dtype=np.float64)
            missing = sum(cell is None or cell == "" for cell in cells)
        self.add_numbers(values, missing)

    def add_numbers(self, values: Floats, missing: int) -> None:
        """`values` has NaN where there is none; `missing` of them are empty cells."""
        present = values[~np.isnan(values)]
        self.rows += len(values)
        self.missing += missing
        self.unreadable += len(values) - len(present) - missing
        places = np.searchsorted(self._edges, present, side="right")
        self.bins += np.bincount(places, minlength=len(self.bins))
        low, high = self.baseline.low, self.baseline.high
        self.outside += int(((present < low) | (present > high)).sum())
        with np.errstate(over="ignore"):
            self._sum += float(present.sum())

    @property
    def mean(self) -> float | None:
        present = int(self.bins.sum())
        mean = self._sum / present if present else math.inf
        return mean if math.isfinite(mean) else None


class CategoryCounts:
    """Of categories: rows by value, empty cells, values that the use case does not know."""

    def __init__(self, baseline: CategoryBaseline) -> None:
        self.baseline = baseline
        self.values = dict.fromkeys(baseline.counts, 0)
        self.rows = self.missing = self.unknown = 0

    def add(self, cells: Sequence[Any], as_text: bool) -> None:
        self.rows += len(cells)
        for cell in cells:
            if cell is None or cell == "":
                self.missing += 1
            elif isinstance(cell, str) and cell in self.values:
                self.values[cell] += 1
            else:
                self.unknown += 1


class TextCounts:
    """Of texts: their lengths, and how many of their words are known."""

    def __init__(self, baseline: TextBaseline) -> None:
        self._vocabulary = baseline.vocabulary
        self.parts = {name: NumberCounts(baseline.parts[name]) for name in TEXT_PARTS}

    def add(self, cells: Sequence[Any], as_text: bool) -> None:
        texts = [cell.strip() for cell in cells if isinstance(cell, str)]
        missing = len(cells) - len(texts) + texts.count("")
        texts = [text for text in texts if text]
        lengths = np.array([len(text) for text in texts], dtype=np.float64)
        words = np.array([len(text.split()) for text in texts], dtype=np.float64)
        shares = self._vocabulary.known_shares(texts)
        empty = np.full(missing, np.nan)
        self.parts["characters"].add_numbers(np.concatenate([lengths, empty]), missing)
        self.parts["words"].add_numbers(np.concatenate([words, empty]), missing)
        # Texts without words have no share; they are not empty.
        self.parts["known words"].add_numbers(shares, int(np.isnan(shares).sum()))


class Traffic:
    """The counts of every feature and of the predictions."""

    def __init__(self, baseline: Baseline, features: Sequence[Column]) -> None:
        self._names = [column.name for column in features]
        self.columns = {name: _counts(baseline.columns[name]) for name in self._names}
        self.prediction = _counts(baseline.prediction)
        self.rows = 0

    def add(self, rows: Sequence[Sequence[Any]], predictions: Sequence[Any], as_text: bool) -> None:
        self.rows += len(rows)
        for name, cells in zip(self._names, zip(*rows, strict=True), strict=True):
            self.columns[name].add(cells, as_text)
        known = [answer for answer in predictions if answer is not None]
        if isinstance(self.prediction, NumberCounts):
            self.prediction.add_numbers(np.array([number_of(answer) for answer in known]), 0)
        else:
            self.prediction.add(known, as_text)


def _counts(
    baseline: NumberBaseline | CategoryBaseline | TextBaseline,
) -> NumberCounts | CategoryCounts | TextCounts:
    if isinstance(baseline, NumberBaseline):
        return NumberCounts(baseline)
    if isinstance(baseline, CategoryBaseline):
        return CategoryCounts(baseline)
    return TextCounts(baseline)


def _number(cell: Any) -> float:
    if isinstance(cell, bool) or not isinstance(cell, (int, float)):
        return math.nan
    try:
        value = float(cell)
    except OverflowError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def number_of(answer: Any) -> float:
    """A prediction as a number, in the answer's JSON or as the text of its CSV; NaN when it is none."""
    try:
        value = float(answer)
    except (TypeError, ValueError, OverflowError):
        return math.nan
    return value if math.isfinite(value) else math.nan
