"""The data gate: every rule of the use case against every row, and one refusal that lists all violations."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.cells import parse_number, parse_numbers, shown
from ml.csv_files import SourceFile, Table, read_folder
from ml.frames import make_frame
from ml.use_case import Column, UseCase
from ml.violations import SHOWN_LINES, DataRefusedError, Violation


@dataclass(frozen=True)
class GatedData:
    """Data that passed: typed columns in the use case's order, rows in the files' order."""

    frame: pd.DataFrame
    files: tuple[SourceFile, ...]
    ignored_columns: tuple[str, ...]
    dropped_duplicates: int


def gate(folder: Path, use_case: UseCase) -> GatedData:
    """Read and check the CSV files of `folder`; raise DataRefusedError with every violation."""
    table, violations = read_folder(folder, use_case.column_names)
    unexpected = tuple(name for name in table.columns if name not in use_case.column_names)
    if table.rows and not any(violation.what == "no header line" for violation in violations):
        repeated = {violation.column for violation in violations}
        violations += _column_violations(table, use_case, unexpected, repeated)
    arrays: dict[str, npt.NDArray[Any]] = {}
    for column in use_case.columns:
        if column.name in table.columns:
            arrays[column.name], wrong = check_column(
                column, table.columns[column.name], table.lines, column.name == use_case.target
            )
            violations += wrong
    complete = len(arrays) == len(use_case.columns)
    frame = make_frame(arrays)
    repeats = frame.duplicated().to_numpy() if complete else np.zeros(table.rows, dtype=bool)
    if use_case.data.duplicates == "refuse" and repeats.any():
        violations.append(
            _violation(
                "repeated rows",
                repeats,
                table.lines,
                found=f"{int(repeats.sum())} rows that repeat an earlier one",
                expected="each row once",
                next_step="Remove the repeats, or set data.duplicates to drop or keep.",
            )
        )
    dropped = 0
    if use_case.data.duplicates == "drop" and repeats.any():
        dropped = int(repeats.sum())
        frame = frame[~repeats].reset_index(drop=True)
    if table.rows:
        violations += _size_violations(frame, use_case, rows=table.rows - dropped)
    if violations:
        raise DataRefusedError(violations, table.source if table.files else str(folder))
    return GatedData(frame, tuple(table.files), unexpected, dropped)


def check_column(
    column: Column, cells: list[str], lines: Sequence[str], is_target: bool
) -> tuple[npt.NDArray[Any], list[Violation]]:
    """The typed values of one column (a missing one is NaN or ""), and what is wrong with them."""
    missing = np.fromiter((not cell for cell in cells), dtype=bool, count=len(cells))
    violations = _missing_violations(column, missing, lines, is_target)
    if not column.is_number:
        values = np.array(cells, dtype=object)
        allowed = frozenset(column.values)
        wrong = ~missing & ~np.fromiter((cell in allowed for cell in cells), bool, len(cells))
        if wrong.any():
            violations.append(
                _violation(
                    "value not allowed",
                    wrong,
                    lines,
                    found=_distinct(cells, wrong),
                    expected=column.expected,
                    next_step="Correct these cells, or add the value to the use case.",
                    column=column.name,
                )
            )
        return values, violations
    fast = parse_numbers(cells) if not missing.any() else None
    parsed = fast if fast is not None else [parse_number(cell) for cell in cells]
    numbers = np.array([np.nan if value is None else value for value in parsed], dtype=np.float64)
    return numbers, violations + _number_violations(column, cells, numbers, missing, lines)


def _number_violations(
    column: Column,
    cells: list[str],
    numbers: npt.NDArray[np.float64],
    missing: npt.NDArray[np.bool_],
    lines: Sequence[str],
) -> list[Violation]:
    violations = []
    text = np.isnan(numbers) & ~missing
    whole = np.isnan(numbers) | (numbers == np.floor(numbers))
    low = -np.inf if column.minimum is None else column.minimum
    high = np.inf if column.maximum is None else column.maximum
    outside = (numbers < low) | (numbers > high)  # False for NaN
    if text.any():
        violations.append(
            _violation(
                "text in a number column",
                text,
                lines,
                found=_distinct(cells, text),
                expected=column.expected,
                next_step="Write plain numbers with a decimal point; leave an unknown value empty.",
                column=column.name,
            )
        )
    if column.type == "integer" and not whole.all():
        violations.append(
            _violation(
                "not whole",
                ~whole,
                lines,
                found=_distinct(cells, ~whole),
                expected=column.expected,
                next_step="Correct these cells, or make the column's type number.",
                column=column.name,
            )
        )
    if outside.any():
        violations.append(
            _violation(
                "out of range",
                outside,
                lines,
                found=_distinct(cells, outside),
                expected=column.expected,
                next_step="Correct these cells, or widen the range in the use case.",
                column=column.name,
            )
        )
    return violations


def _missing_violations(
    column: Column, missing: npt.NDArray[np.bool_], lines: Sequence[str], is_target: bool
) -> list[Violation]:
    share = float(missing.mean()) if len(missing) else 0.0
    allowed = 0.0 if is_target else column.maximum_missing_share
    if share <= allowed:
        return []
    found = "empty cells" if allowed == 0 else f"{share:.1%} of the cells empty"
    expected = column.expected if allowed == 0 else f"at most {allowed:.1%} empty"
    next_step = (
        "Fill in the target or remove these rows."
        if is_target
        else "Fill in these cells, or set maximum_missing_share in the use case."
    )
    what = "target is empty" if is_target else "empty"
    return [_violation(what, missing, lines, found, expected, next_step, column.name)]


def _column_violations(
    table: Table, use_case: UseCase, unexpected: tuple[str, ...], repeated: set[str]
) -> list[Violation]:
    violations = []
    for column in use_case.columns:
        if column.name in table.columns or column.name in repeated:
            continue
        near = difflib.get_close_matches(column.name, unexpected, n=1, cutoff=0.7)
        violations.append(
            Violation(
                what="column missing",
                found=f"a column {near[0]!r}" if near else "no such column in the header",
                expected=column.expected,
                next_step="Rename it." if near else "Add the column; the header names it exactly.",
                column=column.name,
                rows=table.rows,
            )
        )
    if use_case.data.unexpected_columns == "refuse":
        violations += [
            Violation(
                what="unexpected column",
                found="a column the use case does not list",
                expected=f"only the {len(use_case.columns)} columns of the use case",
                next_step="Remove it, or set data.unexpected_columns to ignore.",
                column=name or "(without a name)",
                rows=table.rows,
            )
            for name in unexpected
        ]
    return violations


def _size_violations(frame: pd.DataFrame, use_case: UseCase, rows: int) -> list[Violation]:
    violations = []
    if rows < use_case.data.minimum_rows:
        violations.append(
            Violation(
                what="too few rows",
                found=f"{rows} rows",
                expected=f"at least {use_case.data.minimum_rows}",
                next_step="Add rows, or lower data.minimum_rows in the use case.",
            )
        )
    if use_case.target not in frame:
        return violations
    target = frame[use_case.target]
    if use_case.task == "regression":
        if rows and target.nunique() == 1:
            violations.append(
                Violation(
                    what="target never changes",
                    found=f"{target.iloc[0]} in every row",
                    expected="different values",
                    next_step="Check how the file was made: there is nothing to learn.",
                    column=use_case.target,
                    rows=rows,
                )
            )
        return violations
    counts = target.value_counts()
    violations += [
        Violation(
            what=f"too few rows of {label!r}",
            found=f"{int(counts.get(label, 0))}",
            expected=f"at least {use_case.data.minimum_class_rows}",
            next_step="Add rows of this label, or lower data.minimum_class_rows.",
            column=use_case.target,
        )
        for label in use_case.target_column.values
        if counts.get(label, 0) < use_case.data.minimum_class_rows
    ]
    return violations


def _violation(
    what: str,
    wrong: npt.NDArray[np.bool_],
    lines: Sequence[str],
    found: str,
    expected: str,
    next_step: str,
    column: str = "",
) -> Violation:
    positions = np.flatnonzero(wrong)
    first = tuple(lines[position] for position in positions[:SHOWN_LINES])
    return Violation(what, found, expected, next_step, column, len(positions), first)


def _distinct(cells: list[str], wrong: npt.NDArray[np.bool_]) -> str:
    """The first few different values among the wrong cells, as they stand in the file."""
    values = dict.fromkeys(cells[position] for position in np.flatnonzero(wrong))
    listed = ", ".join(shown(value) for value in list(values)[:3])
    return listed + (f" and {len(values) - 3} other values" if len(values) > 3 else "")
