"""One pass over all rows: check every cell, hash the features, keep the values, remember the lines."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from ml.config.use_case import UseCase
from ml.data.column_cells import Flags, Texts, Values
from ml.data.column_check import Finding, Findings, check_cells, column_violations
from ml.data.csv_files import CsvFile
from ml.data.csv_polars import parse_chunk
from ml.data.csv_rows import Chunk, ParsedChunk, chunks
from ml.data.file_rules import ScannedFile, file_violations
from ml.data.row_store import RowStore
from ml.data.split import Hashes, Positions, hash_columns, label_codes
from ml.data.violations import SHOWN_LINES, Violation

Given = TypeVar("Given")
Made = TypeVar("Made")


@dataclass
class _Checked:
    """A chunk after its cells were checked."""

    parsed: ParsedChunk
    values: dict[str, Values]
    findings: dict[str, Findings]
    hashes: Hashes | None


@dataclass(frozen=True)
class _Place:
    """Where a chunk of the store came from."""

    file: int
    first_row: int
    first_line: int
    lines: npt.NDArray[np.int32] | None


class Scan:
    def __init__(
        self, files: list[CsvFile], use_case: UseCase, fast: bool, scratch: Path | None
    ) -> None:
        self.use_case = use_case
        self.files = [ScannedFile(file, lines=file.header_lines) for file in files]
        with_data = [file for file in files if file.has_data]
        first = with_data[0].single_columns() if with_data else []
        #: the columns that every file has
        self.columns = [
            name for name in first if all(name in file.single_columns() for file in with_data)
        ]
        self._checked = [column for column in use_case.columns if column.name in self.columns]
        self.complete = bool(with_data) and len(self._checked) == len(use_case.columns)
        self.store = RowStore({column.name: column.is_number for column in self._checked}, scratch)
        self._fast = fast
        self._numbers = frozenset(column.name for column in self._checked if column.is_number)
        self._findings: dict[str, Findings] = {column.name: {} for column in self._checked}
        self._hashes: list[Hashes] = []
        self._labels: list[npt.NDArray[np.int32]] = []
        self._range: tuple[float, float] | None = None
        target = use_case.target_column
        self._copies = [
            column.name
            for column in use_case.features
            if self.complete and column.is_number == target.is_number
        ]
        self._places: list[_Place] = []
        self._rows = 0

    def run(self) -> None:
        cores = os.cpu_count() or 1
        with ThreadPoolExecutor(cores) as workers:
            for number, checked in in_order(workers, self._check, self._chunks(), cores + 1):
                self._take(number, checked)

    def _chunks(self) -> Iterator[tuple[int, Chunk]]:
        for number, scanned in enumerate(self.files):
            if scanned.file.error:
                scanned.error = scanned.file.error
            elif scanned.file.has_data:
                for chunk in chunks(scanned.file):
                    yield number, chunk

    def _check(self, numbered: tuple[int, Chunk]) -> tuple[int, _Checked]:
        number, chunk = numbered
        parsed = parse_chunk(chunk, self.files[number].file, self._numbers, self._fast)
        values: dict[str, Values] = {}
        findings: dict[str, Findings] = {}
        for column in self._checked:
            values[column.name], findings[column.name] = check_cells(
                column, parsed.columns[column.name]
            )
        hashes = None
        if self.complete:
            features = [values[name] for name in self.use_case.feature_names]
            hashes = hash_columns(features, parsed.rows, self.use_case.split.seed)
        return number, _Checked(parsed, values, findings, hashes)

    def _take(self, number: int, checked: _Checked) -> None:
        """Add a chunk; chunks come in the order of the rows."""
        parsed, scanned = checked.parsed, self.files[number]
        if parsed.error is not None:
            scanned.error = f"{parsed.error[0]} at line {scanned.lines + parsed.error[1]}"
        for line, cells in parsed.ragged:
            scanned.ragged += 1
            scanned.ragged_counts.add(cells)
            if len(scanned.ragged_first) < SHOWN_LINES:
                scanned.ragged_first.append(scanned.lines + line + 1)
        if parsed.rows:
            lines = None if parsed.lines is None else np.array(parsed.lines, dtype=np.int32)
            place = _Place(number, self._rows, scanned.lines + 1, lines)
            self._places.append(place)
            for name, findings in checked.findings.items():
                for what, finding in findings.items():
                    self._findings[name].setdefault(what, Finding()).add(
                        finding, lambda row: self._line(place, row)
                    )
            self.store.append(checked.values, parsed.rows)
            self._note_target(checked.values)
            if checked.hashes is not None:
                self._hashes.append(checked.hashes)
            self._rows += parsed.rows
            scanned.rows += parsed.rows
        scanned.lines += parsed.line_count

    def _note_target(self, values: dict[str, Values]) -> None:
        target = values.get(self.use_case.target)
        if isinstance(target, Texts):
            if self.use_case.task == "classification":
                self._labels.append(label_codes(target, self.use_case))
        elif target is not None and not np.isnan(target).all():
            low, high = float(np.nanmin(target)), float(np.nanmax(target))
            known = self._range or (low, high)
            self._range = (min(low, known[0]), max(high, known[1]))
        self._copies = [name for name in self._copies if _equal(values[name], target)]

    def _line(self, place: _Place, row: int) -> str:
        line = place.first_line + (row if place.lines is None else int(place.lines[row]))
        name = self.files[place.file].file.name
        return f"{name}:{line}" if len(self.files) > 1 else f"{line}"

    def lines_of(self, rows: Positions) -> tuple[str, ...]:
        """The lines of the first few rows."""
        starts = [place.first_row for place in self._places]
        found = []
        for row in rows[:SHOWN_LINES].tolist():
            place = self._places[int(np.searchsorted(starts, row, side="right")) - 1]
            found.append(self._line(place, row - place.first_row))
        return tuple(found)

    def file_violations(self, folder: Path) -> list[Violation]:
        """What is wrong with the files themselves."""
        return file_violations(self.files, self.use_case, folder)

    def column_violations(self, rows: int) -> list[Violation]:
        return [
            violation
            for column in self._checked
            for violation in column_violations(
                column, self._findings[column.name], rows, column.name == self.use_case.target
            )
        ]

    def hashes(self) -> Hashes:
        """The hashes of the features of every row."""
        if len(self._hashes) > 1:
            self._hashes = [np.concatenate(self._hashes)]
        return self._hashes[0] if self._hashes else np.zeros(0, dtype=np.uint64)

    def hashes_with_target(self, chosen: Flags) -> Hashes:
        """The hashes of features and target of the chosen rows."""
        start = 0
        found = []
        hashes = self.hashes()[chosen]
        for target in self.store.column(self.use_case.target, chosen):
            own = hash_columns([target], len(target), self.use_case.split.seed)
            found.append(own ^ (hashes[start : start + len(own)] * np.uint64(3)))
            start += len(own)
        return np.concatenate(found)

    def labels(self) -> npt.NDArray[np.int32] | None:
        return np.concatenate(self._labels) if self._labels else None

    @property
    def target_range(self) -> tuple[float, float] | None:
        return self._range

    @property
    def copies_of_target(self) -> list[str]:
        return self._copies


def _equal(values: Values, target: Values | None) -> bool:
    if isinstance(values, Texts) and isinstance(target, Texts):
        return bool((values.array() == target.array()).all())
    if isinstance(values, np.ndarray) and isinstance(target, np.ndarray):
        return bool(np.array_equal(values, target, equal_nan=True))
    return False


def in_order(
    workers: ThreadPoolExecutor, work: Callable[[Given], Made], items: Iterable[Given], ahead: int
) -> Iterator[Made]:
    """map() that never has more than `ahead` items in progress, so that memory stays bounded."""
    waiting: deque[Future[Made]] = deque()
    for item in items:
        waiting.append(workers.submit(work, item))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
