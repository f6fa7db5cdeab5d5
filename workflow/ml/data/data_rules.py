"""The rules of the use case about the data as a whole: its columns, its size, the balance of its labels."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ml.config.use_case import UseCase
from ml.data.violations import Violation


def column_set_violations(
    use_case: UseCase, columns: Sequence[str], rows: int, repeated: set[str]
) -> list[Violation]:
    """`columns` are those that every file has; `repeated` ones have been reported already."""
    unexpected = [name for name in columns if name not in use_case.column_names]
    violations = []
    for column in use_case.columns:
        if column.name in columns or column.name in repeated:
            continue
        near = difflib.get_close_matches(column.name, unexpected, n=1, cutoff=0.7)
        violations.append(
            Violation(
                what="column missing",
                found=f"a column {near[0]!r}" if near else "no such column in the header",
                expected=column.expected,
                next_step="Rename it." if near else "Add the column; the header names it exactly.",
                column=column.name,
                rows=rows,
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
                rows=rows,
            )
            for name in unexpected
        ]
    return violations


def repeat_violation(rows: int, lines: tuple[str, ...]) -> Violation:
    return Violation(
        what="repeated rows",
        found=f"{rows} rows that repeat an earlier one",
        expected="each row once",
        next_step="Remove the repeats, or set data.duplicates to drop or keep.",
        rows=rows,
        lines=lines,
    )


def size_violations(
    use_case: UseCase,
    rows: int,
    labels: npt.NDArray[np.int32] | None,
    target_range: tuple[float, float] | None,
) -> list[Violation]:
    """`labels` of a classification, `target_range` of a regression; None when there is no target."""
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
    if target_range is not None and target_range[0] == target_range[1]:
        violations.append(
            Violation(
                what="target never changes",
                found=f"{target_range[0]} in every row",
                expected="different values",
                next_step="Check how the file was made: there is nothing to learn.",
                column=use_case.target,
                rows=rows,
            )
        )
    if labels is not None:
        violations += _balance_violations(use_case, rows, labels)
    return violations


def _balance_violations(
    use_case: UseCase, rows: int, labels: npt.NDArray[np.int32]
) -> list[Violation]:
    names = use_case.target_column.values
    counts = np.bincount(labels[labels >= 0], minlength=len(names)).tolist()
    fewest, smallest = use_case.data.minimum_class_rows, use_case.data.minimum_class_share
    violations = []
    for label, count in zip(names, counts, strict=True):
        if count < fewest:
            violations.append(
                Violation(
                    what=f"too few rows of {label!r}",
                    found=f"{count}",
                    expected=f"at least {fewest}",
                    next_step="Add rows of this label, or lower data.minimum_class_rows.",
                    column=use_case.target,
                )
            )
        elif count < smallest * rows:
            violations.append(
                Violation(
                    what=f"too small a share of {label!r}",
                    found=f"{count / rows:.2%} of the rows",
                    expected=f"at least {smallest:.2%}",
                    next_step="Add rows of this label, or lower data.minimum_class_share.",
                    column=use_case.target,
                )
            )
    return violations
