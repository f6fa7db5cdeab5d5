"""What the data gate found wrong, as one refusal that lists every violation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ml.errors import JobError
from ml.job import REASON_BYTES, shorten

SHOWN_LINES = 5


@dataclass(frozen=True)
class Violation:
    """One rule broken: by which column, in how many rows, where first, and what to do about it."""

    what: str
    found: str
    expected: str
    next_step: str
    column: str = ""
    rows: int = 0
    lines: tuple[str, ...] = ()
    file: str = ""

    def place(self) -> str:
        parts = [f"column {self.column}"] if self.column else []
        if self.rows:
            parts.append(f"{self.rows} row{'s' if self.rows > 1 else ''}{self._where()}")
        elif self.file:
            parts.append(self.file)
        return ": ".join(parts) or "data"

    def _where(self) -> str:
        if not self.lines:
            return ""
        shown = ", ".join(str(line) for line in self.lines[:SHOWN_LINES])
        more = ", ..." if self.rows > SHOWN_LINES else ""
        file = f"{self.file} " if self.file else ""
        return f" ({file}line{'s' if self.rows > 1 else ''} {shown}{more})"

    def short(self) -> str:
        return f"{self.place()}: {self.what}, found {self.found}, expected {self.expected}"

    def long(self) -> str:
        return f"{self.short()}. {self.next_step.rstrip('.')}"


class DataRefusedError(JobError):
    """The data gate refuses the data. The message fits SageMaker's failure reason; details() has it all."""

    def __init__(self, violations: Sequence[Violation], source: str) -> None:
        self.violations = tuple(violations)
        self._head = (
            f"Data refused: {len(violations)} violation{'s' if len(violations) > 1 else ''} "
            f"in {source}."
        )
        super().__init__(self._reason())

    def details(self) -> str:
        lines = [
            f"{n}) {violation.long()}." for n, violation in enumerate(self.violations, start=1)
        ]
        return "\n".join([self._head, *lines, "(line 1 of a file is its header)"])

    def _reason(self) -> str:
        """The longest form that fits: with next steps, without, or as many as fit."""
        for style in (Violation.long, Violation.short):
            reason = self._numbered([style(violation) for violation in self.violations])
            if len(reason.encode()) <= REASON_BYTES:
                return reason
        # Every violation is at least named: first those with details, then the bare columns.
        for detailed in range(len(self.violations) - 1, -1, -1):
            parts = [
                violation.short()
                if position < detailed
                else f"{violation.place()}: {violation.what}"
                for position, violation in enumerate(self.violations)
            ]
            reason = self._numbered(parts) + " Found and expected values: in the job's log."
            if len(reason.encode()) <= REASON_BYTES:
                return reason
        for named in range(len(self.violations) - 1, 0, -1):
            parts = [f"{v.place()}: {v.what}" for v in self.violations[:named]]
            rest = f" And {len(self.violations) - named} more: all of them are in the job's log."
            reason = self._numbered(parts) + rest
            if len(reason.encode()) <= REASON_BYTES:
                return reason
        return shorten(self._numbered([v.short() for v in self.violations]))

    def _numbered(self, parts: Sequence[str]) -> str:
        return " ".join([self._head, *(f"{n}) {part}." for n, part in enumerate(parts, start=1))])
