"""What really happened: labels that arrive later, joined with the captured predictions by inference id.

Labels are CSV files with the header inference_id,label or inference_id,row,label, or JSON lines with the same
keys. `row` is the position of the row in its request, 0 when it is not given. A label that arrives again
replaces the one before it, in the order of the files' names.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.config.cells import parse_number, shown
from ml.config.use_case import UseCase
from ml.errors import JobError

CHUNK = 50_000
KEYS = {"inference_id", "label"}


class Labels:
    """All labels, by a hash of their inference id: 16 bytes each."""

    def __init__(self, use_case: UseCase) -> None:
        self._use_case = use_case
        self._codes = {name: code for code, name in enumerate(use_case.target_column.values)}
        self._keys: npt.NDArray[np.uint64] = np.empty(0, dtype=np.uint64)
        self._values: npt.NDArray[np.float64] = np.empty(0, dtype=np.float64)
        self.count = self.refused = 0

    def read(self, folder: Path) -> None:
        """Every .csv and .jsonl file below `folder`, which may be missing."""
        keys: list[npt.NDArray[np.uint64]] = []
        values: list[npt.NDArray[np.float64]] = []
        names: list[str] = []
        found: list[float] = []

        def keep() -> None:
            keys.append(hashed(names))
            values.append(np.array(found, dtype=np.float64))
            names.clear()
            found.clear()

        for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
            for name, label in _lines(path):
                value = self.value_of(label)
                if value is None:
                    self.refused += 1
                    continue
                names.append(name)
                found.append(value)
                if len(names) >= CHUNK:
                    keep()
        keep()
        # The last label of a row counts: reversed, it is the first that unique() finds.
        every, first = np.unique(np.concatenate(keys)[::-1], return_index=True)
        self._keys, self._values = every, np.concatenate(values)[::-1][first]
        self.count = len(every)

    def value_of(self, label: Any) -> float | None:
        """The label as a number, for a classification its position; None when the target cannot hold it."""
        column = self._use_case.target_column
        if column.is_category:
            code = self._codes.get(str(label).strip())
            return None if code is None else float(code)
        if isinstance(label, bool) or label is None:
            return None
        return parse_number(str(label).strip())

    def of(self, ids: Sequence[str]) -> npt.NDArray[np.float64]:
        """The label of each id; NaN where there is none."""
        result = np.full(len(ids), np.nan)
        if not self.count:
            return result
        keys = hashed(ids)
        places = np.minimum(np.searchsorted(self._keys, keys), self.count - 1)
        known = (self._keys[places] == keys) & np.array([bool(name) for name in ids], dtype=bool)
        result[known] = self._values[places[known]]
        return result


def hashed(names: Sequence[str]) -> npt.NDArray[np.uint64]:
    digests = b"".join(hashlib.blake2b(name.encode(), digest_size=8).digest() for name in names)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def _lines(path: Path) -> Iterator[tuple[str, Any]]:
    """The id of a row and its label."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            _check_keys(path, set(reader.fieldnames or ()))
            for line in reader:
                yield _key(line), line["label"]
    elif path.suffix in (".jsonl", ".json"):
        with path.open(encoding="utf-8-sig") as file:
            for number, text in enumerate(file, start=1):
                if text.strip():
                    document = _object(path, number, text)
                    yield _key(document), document["label"]


def _object(path: Path, number: int, text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise JobError(f"{path.name}, line {number}: not JSON: {error}.") from error
    if not isinstance(document, dict):
        raise JobError(f"{path.name}, line {number}: found {shown(document)}, expected an object.")
    _check_keys(path, set(document))
    return document


def _check_keys(path: Path, found: set[str]) -> None:
    if not found >= KEYS:
        raise JobError(
            f"{path.name}: found the columns {', '.join(sorted(map(str, found))) or 'none'}, expected "
            "inference_id and label, and row for requests of several rows."
        )


def _key(line: dict[str, Any]) -> str:
    row = str(line.get("row") or "0").strip()
    return f"{str(line['inference_id']).strip()}:{row}"
