"""Check the cells of one column chunk by chunk, and report what is wrong once, at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ml.config.cells import shown, text_problem
from ml.config.columns import Column
from ml.data.column_cells import Cells, Flags, Floats, Values
from ml.data.violations import SHOWN_LINES, Violation

SHOWN_VALUES = 3
COUNTED_VALUES = 1000  # a column of nothing but wrong values must not fill the memory

_NEXT = {
    "empty": "Fill in these cells, or set maximum_missing_share in the use case.",
    "target is empty": "Fill in the target or remove these rows.",
    "text in a number column": (
        "Write plain numbers with a decimal point; leave an unknown value empty."
    ),
    "not whole": "Correct these cells, or make the column's type number.",
    "out of range": "Correct these cells, or widen the range in the use case.",
    "value not allowed": "Correct these cells, or add the value to the use case.",
    "text not accepted": "Correct these cells, or change the lengths in the use case.",
}


@dataclass
class Finding:
    """The cells of one chunk, or of all chunks, that break one rule."""

    count: int = 0
    first: list[int] = field(default_factory=list)  # rows of the chunk
    found: dict[str, None] = field(default_factory=dict)  # an ordered set
    lines: list[str] = field(default_factory=list)

    def add(self, other: Finding, line_of: Callable[[int], str]) -> None:
        self.count += other.count
        left = SHOWN_LINES - len(self.lines)
        self.lines += [line_of(row) for row in other.first[: max(0, left)]]
        for value in other.found:
            if len(self.found) > COUNTED_VALUES:
                break
            self.found.setdefault(value)

    def values(self) -> str:
        """The first few different values, as they stand in the file."""
        others = len(self.found) - SHOWN_VALUES
        listed = ", ".join(list(self.found)[:SHOWN_VALUES])
        if len(self.found) > COUNTED_VALUES:
            return f"{listed} and more than {COUNTED_VALUES - SHOWN_VALUES} other values"
        return listed + (f" and {others} other values" if others > 0 else "")


Findings = dict[str, Finding]


def check_cells(column: Column, cells: Cells) -> tuple[Values, Findings]:
    """The typed values of a chunk (a missing one is NaN or ""), and what is wrong with them."""
    if column.is_number:
        return _check_numbers(column, cells)
    texts = cells.texts()
    findings: Findings = {}
    empty = [not value for value in texts.values]
    if any(empty):
        _note(findings, "empty", texts.flags(empty))
    if column.is_category:
        allowed = frozenset(column.values)
        problems = ["" if not value or value in allowed else shown(value) for value in texts.values]
        what = "value not allowed"
    else:
        longest = column.maximum_length or 0
        problems = [
            value and text_problem(value, column.minimum_length, longest) for value in texts.values
        ]
        what = "text not accepted"
    if any(problems):
        wrong = texts.flags([bool(problem) for problem in problems])
        codes = dict.fromkeys(texts.codes[wrong].tolist())
        _note(findings, what, wrong, [problems[code] for code in codes])
    return texts, findings


def _check_numbers(column: Column, cells: Cells) -> tuple[Floats, Findings]:
    numbers, missing = cells.numbers()
    low = -np.inf if column.minimum is None else column.minimum
    high = np.inf if column.maximum is None else column.maximum
    findings: Findings = {}
    if missing is None and low <= numbers.min(initial=high) and numbers.max(initial=low) <= high:
        clean = column.type != "integer" or bool((numbers == np.floor(numbers)).all())
        if clean:  # almost every chunk of almost every column
            return numbers, findings
    missing = np.zeros(len(numbers), dtype=bool) if missing is None else missing
    absent = np.isnan(numbers)
    rules = [("text in a number column", absent & ~missing)]
    if column.type == "integer":
        rules.append(("not whole", ~absent & (numbers != np.floor(numbers))))
    rules.append(("out of range", (numbers < low) | (numbers > high)))  # False for NaN
    if missing.any():
        _note(findings, "empty", missing)
    for what, wrong in rules:
        if wrong.any():
            _note(findings, what, wrong, map(shown, cells.at(np.flatnonzero(wrong).tolist())))
    return numbers, findings


def _note(
    findings: Findings, what: str, wrong: Flags, found: Sequence[str] | map[str] = ()
) -> None:
    positions = np.flatnonzero(wrong)
    findings[what] = Finding(len(positions), positions[:SHOWN_LINES].tolist(), dict.fromkeys(found))


def column_violations(
    column: Column, findings: Findings, rows: int, is_target: bool
) -> list[Violation]:
    """The findings of all chunks as violations. Empty cells up to the accepted share are not violations."""
    violations = []
    for what in _NEXT:
        finding = findings.get(what)
        if finding is None:
            continue
        found, expected, told = finding.values(), column.expected, what
        if what == "empty":
            share = finding.count / rows
            allowed = 0.0 if is_target else column.maximum_missing_share
            if share <= allowed:
                continue
            found = "empty cells" if allowed == 0 else f"{share:.1%} of the cells empty"
            expected = expected if allowed == 0 else f"at most {allowed:.1%} empty"
            told = "target is empty" if is_target else "empty"
        violations.append(
            Violation(
                told,
                found,
                expected,
                _NEXT[told],
                column.name,
                finding.count,
                tuple(finding.lines),
            )
        )
    return violations
