"""labelled.csv: captured rows whose label is known, as training data, which a retraining can use."""

from __future__ import annotations

import csv
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.config.use_case import UseCase
from ml.inference.requests import Rows, check
from ml.monitoring.capture import Batch

LABELLED_FILE = "labelled.csv"
MOST_ROWS = 1_000_000


class LabelledRows:
    """Writes the rows that preprocess would accept; use it as a context manager."""

    def __init__(self, folder: Path, use_case: UseCase) -> None:
        self._use_case = use_case
        self._file = (folder / LABELLED_FILE).open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(use_case.column_names)
        self.rows = self.refused = 0

    def __enter__(self) -> LabelledRows:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(self, batch: Batch, labels: npt.NDArray[np.float64]) -> None:
        """`labels` has NaN where none is known."""
        known = np.flatnonzero(~np.isnan(labels)).tolist()[: MOST_ROWS - self.rows]
        if not known:
            return
        rows = [batch.rows[place] for place in known]
        _, problems = check(Rows(rows, batch.as_text), self._use_case.features, range(len(rows)))
        wrong = {problem.row for problem in problems}
        self.refused += len(wrong)
        for number, place in enumerate(known):
            if number not in wrong:
                self.rows += 1
                self._writer.writerow(self._cells(rows[number], float(labels[place])))

    def _cells(self, row: list[Any], label: float) -> list[Any]:
        features = iter(row)
        target = self._use_case.target_column
        answer = target.values[int(label)] if target.is_category else label
        return [answer if column is target else next(features) for column in self._use_case.columns]
