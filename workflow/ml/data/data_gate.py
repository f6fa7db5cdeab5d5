"""The data gate: every rule of the use case against every row, and one refusal that lists all violations.

The files are read once, in chunks of some ten thousand rows, by one thread per core. The rows that pass are
kept on disk (row_store.py), so that each row needs only some 20 bytes of memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ml.config.use_case import UseCase
from ml.data import csv_polars
from ml.data.column_cells import Flags, Values
from ml.data.csv_files import SourceFile, find_csv_files, open_csv_file
from ml.data.data_rules import column_set_violations, repeat_violation, size_violations
from ml.data.file_rules import ScannedFile
from ml.data.gate_scan import Scan
from ml.data.row_store import RowStore
from ml.data.split import Hashes, Positions, repeated_rows
from ml.data.violations import DataRefusedError, Violation
from ml.hashes import file_sha256


@dataclass
class GatedData:
    """Data that passed: typed columns in the use case's order, rows in the files' order."""

    use_case: UseCase
    store: RowStore
    files: tuple[SourceFile, ...]
    ignored_columns: tuple[str, ...]
    dropped_duplicates: int
    repeated_rows: int  # among the rows that are left
    hashes: Hashes  # of the features of each row that is left
    labels: npt.NDArray[np.int32] | None  # positions in the target's values; None in a regression
    same_features: Positions  # rows whose features another row has too
    kept: Flags | None  # of the rows in the store; None: all of them

    @property
    def rows(self) -> int:
        return len(self.hashes)

    def in_store(self, rows: Flags) -> Flags:
        """Rows of this data as rows of the store."""
        if self.kept is None:
            return rows
        wanted = self.kept.copy()
        wanted[self.kept] = rows
        return wanted

    def chunks(self, rows: Flags | None = None) -> Iterator[dict[str, Values]]:
        return self.store.chunks(self.kept if rows is None else self.in_store(rows))

    def column(self, name: str, rows: Flags | None = None) -> Iterator[Values]:
        return self.store.column(name, self.kept if rows is None else self.in_store(rows))

    def close(self) -> None:
        self.store.close()


def gate(
    folder: Path, use_case: UseCase, *, fast: bool | None = None, scratch: Path | None = None
) -> GatedData:
    """Read and check the CSV files of `folder`; raise DataRefusedError with every violation.

    `fast`: parse with polars (None: where it is installed); the result is the same. `scratch`: a folder
    with space for 8 bytes per cell (None: the system's temporary folder).
    """
    paths = find_csv_files(folder)
    names = [path.relative_to(folder).as_posix() for path in paths]
    with ThreadPoolExecutor(1) as hashing:  # in a thread of its own: it takes as long as parsing
        sums = [hashing.submit(file_sha256, path) for path in paths]
        opened = [
            open_csv_file(path, name, use_case.column_names)
            for path, name in zip(paths, names, strict=True)
        ]
        scan = Scan(opened, use_case, csv_polars.installed() if fast is None else fast, scratch)
        try:
            scan.run()
            files = tuple(
                source_file(scanned, sha256.result())
                for scanned, sha256 in zip(scan.files, sums, strict=True)
            )
            return judge(scan, files, folder)
        except BaseException:
            scan.store.close()
            raise


def source_file(scanned: ScannedFile, sha256: str) -> SourceFile:
    file = scanned.file
    return SourceFile(file.name, file.size, sha256, scanned.rows, file.delimiter, file.encoding)


def judge(scan: Scan, files: tuple[SourceFile, ...], folder: Path) -> GatedData:
    """What the scan found, in one refusal; or the data."""
    use_case = scan.use_case
    rows = sum(file.rows for file in files)
    violations = scan.file_violations(folder)
    unexpected = tuple(name for name in scan.columns if name not in use_case.column_names)
    if rows and not any(violation.what == "no header line" for violation in violations):
        repeated = {violation.column for violation in violations}
        violations += column_set_violations(use_case, scan.columns, rows, repeated)
    violations += scan.column_violations(rows)

    same_features, repeats = find_repeats(scan, rows)
    rules = use_case.data
    kept = None
    if rules.duplicates == "refuse" and len(repeats):
        violations.append(repeat_violation(len(repeats), scan.lines_of(repeats)))
    if rules.duplicates == "drop" and len(repeats):
        kept = np.ones(rows, dtype=bool)
        kept[repeats] = False
    hashes, labels = scan.hashes(), scan.labels()
    if kept is not None:
        hashes = hashes[kept]
        labels = None if labels is None else labels[kept]
        same_features = repeated_rows(hashes)
    if rows:
        left = rows if kept is None else int(kept.sum())
        violations += size_violations(use_case, left, labels, scan.target_range)
        violations += leak_violations(scan, rows)
    if violations:
        raise DataRefusedError(violations, source_of(files, rows) if files else str(folder))
    dropped = 0 if kept is None else len(repeats)
    return GatedData(
        use_case,
        scan.store,
        files,
        unexpected,
        dropped,
        len(repeats) - dropped,
        hashes,
        labels,
        same_features,
        kept,
    )


def source_of(files: tuple[SourceFile, ...], rows: int) -> str:
    return f"{files[0].name if len(files) == 1 else f'{len(files)} files'} ({rows} rows)"


def find_repeats(scan: Scan, rows: int) -> tuple[Positions, Positions]:
    """The rows whose features another row has too, and those that repeat an earlier row in full."""
    none = np.zeros(0, dtype=np.intp)
    if not rows or not scan.complete:
        return none, none
    same_features = repeated_rows(scan.hashes())
    if not len(same_features):
        return none, none
    chosen = np.zeros(rows, dtype=bool)
    chosen[same_features] = True
    whole = scan.hashes_with_target(chosen)
    _, first = np.unique(whole, return_index=True)
    later = np.ones(len(whole), dtype=bool)
    later[first] = False
    return same_features, same_features[later]


def leak_violations(scan: Scan, rows: int) -> list[Violation]:
    """A feature that is the target under another name gives the answer away."""
    return [
        Violation(
            what="the target under another name",
            found=f"the value of {scan.use_case.target} in every row",
            expected="something that is known before the target is",
            next_step="Remove the column from the data and from the use case.",
            column=name,
            rows=rows,
        )
        for name in scan.copies_of_target
    ]
