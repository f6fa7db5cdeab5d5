"""Read CSV files as text cells, with the line each row stands on, and without guessing what a cell means.

Python's csv module and not pandas: pandas fills a row that is too short and renames a header that repeats,
and the gate exists to say so.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ml.cells import parse_number, shown
from ml.violations import Violation

DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class SourceFile:
    """One file of the input, as it is recorded in the lineage."""

    name: str
    size: int
    sha256: str
    rows: int
    delimiter: str
    encoding: str


@dataclass
class Table:
    """The rows of all files together: the columns that every file has, as text."""

    files: list[SourceFile] = field(default_factory=list)
    columns: dict[str, list[str]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return len(self.lines)

    @property
    def source(self) -> str:
        if len(self.files) == 1:
            return f"{self.files[0].name} ({self.rows} rows)"
        return f"{len(self.files)} files ({self.rows} rows)"


def find_csv_files(folder: Path) -> list[Path]:
    """Every .csv below `folder`, in a fixed order: the order of the rows is part of the result."""
    return sorted(
        (
            path
            for path in folder.rglob("*")
            # ._data.csv is what macOS leaves beside data.csv.
            if path.is_file() and path.suffix.lower() == ".csv" and not path.name.startswith(".")
        ),
        key=lambda path: path.relative_to(folder).as_posix(),
    )


def read_folder(folder: Path, expected: Sequence[str]) -> tuple[Table, list[Violation]]:
    """All CSV files of `folder` as one table, and what is wrong with their structure."""
    paths = find_csv_files(folder)
    if not paths:
        others = sorted(path.name for path in folder.rglob("*") if path.is_file())[:5]
        return Table(), [
            Violation(
                what="no CSV file",
                found=", ".join(others) or "an empty folder",
                expected="at least one file that ends with .csv",
                next_step="Upload the training data, then retry the stage.",
            )
        ]
    table = Table()
    violations: list[Violation] = []
    parts: list[dict[str, list[str]]] = []
    for path in paths:
        name = path.relative_to(folder).as_posix()
        prefix = f"{name}:" if len(paths) > 1 else ""
        source, columns, lines, wrong = _read_file(path, name, prefix, expected)
        table.files.append(source)
        table.lines.extend(lines)
        violations.extend(wrong)
        if lines:  # a file without rows has been reported already
            parts.append(columns)
            violations += _difference(name, list(columns), list(parts[0]))
    common = [name for name in parts[0] if all(name in part for part in parts)] if parts else []
    table.columns = {name: [cell for part in parts for cell in part[name]] for name in common}
    return table, violations


def _read_file(
    path: Path, name: str, prefix: str, expected: Sequence[str]
) -> tuple[SourceFile, dict[str, list[str]], list[str], list[Violation]]:
    content = path.read_bytes()
    text, encoding = _decode(content)
    header_line = text.lstrip("\r\n").splitlines()[0] if text.strip() else ""
    delimiter = _delimiter(header_line, expected)
    violations: list[Violation] = []
    header: list[str] = []
    rows: list[list[str]] = []
    lines: list[str] = []
    ragged: list[tuple[int, int]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = 1
    try:
        for row in reader:
            line, start = start, reader.line_num + 1
            if not row:  # an empty line is not data
                continue
            if not header:
                header = [cell.strip() for cell in row]
            elif len(row) != len(header):
                ragged.append((line, len(row)))
            else:
                rows.append(row)
                lines.append(f"{prefix}{line}")
    except csv.Error as error:
        violations.append(
            Violation(
                what="not readable as CSV",
                found=f"{error} at line {reader.line_num}",
                expected="every quote closed, no text after a closing quote",
                next_step="Open the file at this line and correct the quotes.",
                file=name,
            )
        )
    if not violations:
        violations += _shape_violations(name, content, header, len(rows), ragged)
    source = SourceFile(
        name, len(content), hashlib.sha256(content).hexdigest(), len(rows), delimiter, encoding
    )
    columns = {
        column: [row[position].strip() for row in rows]
        for position, column in enumerate(header)
        if header.count(column) == 1
    }
    if rows:
        violations += _header_violations(name if prefix else "", header, len(rows), expected)
    return source, columns, lines, violations


def _decode(content: bytes) -> tuple[str, str]:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace"), "utf-16"
    try:
        return content.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        # What Excel writes on Windows. Text that this misreads is caught where values are listed.
        return content.decode("cp1252", errors="replace"), "cp1252"


def _delimiter(header_line: str, expected: Sequence[str]) -> str:
    """The delimiter that makes most of the expected columns appear in the header."""

    def known(delimiter: str) -> tuple[int, int]:
        names = [name.strip().strip('"').strip() for name in header_line.split(delimiter)]
        return sum(name in expected for name in names), len(names)

    return max(DELIMITERS, key=lambda delimiter: (known(delimiter), delimiter == ","))


def _shape_violations(
    name: str, content: bytes, header: list[str], rows: int, ragged: list[tuple[int, int]]
) -> list[Violation]:
    violations = []
    if not header:
        violations.append(
            Violation(
                what="empty file",
                found=f"{len(content)} bytes and no line with data",
                expected="a header line and rows",
                next_step="Upload the file again; the upload may have been cut short.",
                file=name,
            )
        )
    elif not rows and not ragged:
        violations.append(
            Violation(
                what="no rows",
                found="a header line only",
                expected="rows below the header",
                next_step="Upload the file again with its rows.",
                file=name,
            )
        )
    if ragged:
        cells = ", ".join(str(count) for count in sorted({count for _, count in ragged})[:5])
        violations.append(
            Violation(
                what="wrong number of cells",
                found=f"{cells} cells in a row",
                expected=f"{len(header)}, as in the header",
                next_step="Look for a missing cell or an unquoted delimiter in these lines.",
                rows=len(ragged),
                lines=tuple(str(line) for line, _ in ragged),
                file=name,
            )
        )
    return violations


def _difference(file: str, columns: list[str], first: list[str]) -> list[Violation]:
    """Several files are one data set, so they must have the same columns (in any order)."""
    lacking = [name for name in first if name not in columns]
    extra = [name for name in columns if name not in first]
    if not lacking and not extra:
        return []
    found = [f"without {', '.join(lacking)}"] * bool(lacking) + [
        f"with {', '.join(extra)} besides"
    ] * bool(extra)
    return [
        Violation(
            what="other columns than the first file",
            found=" and ".join(found),
            expected=f"the columns {', '.join(first)}",
            next_step="Give all files the same columns, or upload only one of them.",
            file=file,
        )
    ]


def _header_violations(
    file: str, header: list[str], rows: int, expected: Sequence[str]
) -> list[Violation]:
    if not set(header) & set(expected) and all(
        parse_number(cell) is not None or not cell for cell in header
    ):
        return [
            Violation(
                what="no header line",
                found=f"numbers in the first line ({shown(', '.join(header), 60)})",
                expected=f"the column names: {', '.join(expected)}",
                next_step="Add the header as the first line of the file.",
                rows=rows,
                file=file,
            )
        ]
    return [
        Violation(
            what="repeated in the header",
            found=f"{header.count(column)} columns of this name",
            expected="each name once",
            next_step="Remove or rename the repeated column.",
            column=column or "(without a name)",
            rows=rows,
            file=file,
        )
        for column in dict.fromkeys(header)
        if header.count(column) > 1
    ]
