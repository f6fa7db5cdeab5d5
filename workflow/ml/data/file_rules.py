"""What can be wrong with the files of a data set, besides the values in their cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ml.config.cells import parse_number, shown
from ml.config.use_case import UseCase
from ml.data.csv_files import CsvFile
from ml.data.violations import Violation


@dataclass
class ScannedFile:
    """What reading one file showed."""

    file: CsvFile
    rows: int = 0
    lines: int = 0  # read so far, the header's included
    ragged: int = 0  # rows with another number of cells than the header
    ragged_first: list[int] = field(default_factory=list)  # their lines
    ragged_counts: set[int] = field(default_factory=set)
    error: str = ""


def file_violations(
    files: Sequence[ScannedFile], use_case: UseCase, folder: Path
) -> list[Violation]:
    if not files:
        return [_missing(folder)]
    first: CsvFile | None = None
    violations = []
    for scanned in files:
        file = scanned.file
        if use_case.data.encoding == "utf-8" and file.not_utf8:
            violations.append(_encoding(file))
        if scanned.error:
            violations.append(_unreadable(file.name, scanned.error))
        else:
            violations += _shape(scanned)
        if scanned.rows:
            place = file.name if len(files) > 1 else ""
            violations += _header(file, place, scanned.rows, use_case.column_names)
        if file.has_data:
            first = first or file
            violations += _difference(file, first)
    return violations


def _missing(folder: Path) -> Violation:
    others = sorted(path.name for path in folder.rglob("*") if path.is_file())[:5]
    return Violation(
        what="no CSV file",
        found=", ".join(others) or "an empty folder",
        expected="at least one file that ends with .csv",
        next_step="Upload the training data, then retry the stage.",
    )


def _encoding(file: CsvFile) -> Violation:
    return Violation(
        what="not UTF-8",
        found=file.not_utf8,
        expected="UTF-8, with or without a byte order mark",
        next_step="Save the file as UTF-8, or set data.encoding to auto in the use case.",
        file=file.name,
    )


def _unreadable(name: str, error: str) -> Violation:
    return Violation(
        what="not readable as CSV",
        found=error,
        expected="every quote closed, no text after a closing quote",
        next_step="Open the file at this line and correct the quotes.",
        file=name,
    )


def _shape(scanned: ScannedFile) -> list[Violation]:
    file, ragged = scanned.file, scanned.ragged
    violations = []
    if not file.header:
        violations.append(
            Violation(
                what="empty file",
                found=f"{file.size} bytes and no line with data",
                expected="a header line and rows",
                next_step="Upload the file again; the upload may have been cut short.",
                file=file.name,
            )
        )
    elif not scanned.rows and not ragged:
        violations.append(
            Violation(
                what="no rows",
                found="a header line only",
                expected="rows below the header",
                next_step="Upload the file again with its rows.",
                file=file.name,
            )
        )
    if ragged:
        cells = ", ".join(str(count) for count in sorted(scanned.ragged_counts)[:5])
        violations.append(
            Violation(
                what="wrong number of cells",
                found=f"{cells} cells in a row",
                expected=f"{len(file.header)}, as in the header",
                next_step="Look for a missing cell or an unquoted delimiter in these lines.",
                rows=ragged,
                lines=tuple(str(line) for line in scanned.ragged_first),
                file=file.name,
            )
        )
    return violations


def _difference(file: CsvFile, first: CsvFile) -> list[Violation]:
    """Several files are one data set, so they must have the same columns (in any order)."""
    columns, expected = file.single_columns(), first.single_columns()
    lacking = [name for name in expected if name not in columns]
    extra = [name for name in columns if name not in expected]
    if not lacking and not extra:
        return []
    found = [f"without {', '.join(lacking)}"] * bool(lacking) + [
        f"with {', '.join(extra)} besides"
    ] * bool(extra)
    return [
        Violation(
            what="other columns than the first file",
            found=" and ".join(found),
            expected=f"the columns {', '.join(expected)}",
            next_step="Give all files the same columns, or upload only one of them.",
            file=file.name,
        )
    ]


def _header(file: CsvFile, place: str, rows: int, expected: Sequence[str]) -> list[Violation]:
    if not set(file.header) & set(expected) and all(
        parse_number(cell) is not None or not cell for cell in file.header
    ):
        return [
            Violation(
                what="no header line",
                found=f"numbers in the first line ({shown(', '.join(file.header), 60)})",
                expected=f"the column names: {', '.join(expected)}",
                next_step="Add the header as the first line of the file.",
                rows=rows,
                file=place,
            )
        ]
    return [
        Violation(
            what="repeated in the header",
            found=f"{file.header.count(column)} columns of this name",
            expected="each name once",
            next_step="Remove or rename the repeated column.",
            column=column or "(without a name)",
            rows=rows,
            file=place,
        )
        for column in dict.fromkeys(file.header)
        if file.header.count(column) > 1
    ]
