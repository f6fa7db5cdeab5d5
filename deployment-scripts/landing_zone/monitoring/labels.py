"""Labels that arrive later, brought to where the drift job reads them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from landing_zone.core.errors import OperatorError

REQUIRED = ("inference_id", "label")


def upload_labels(s3: Any, bucket: str, use_case: str, path: Path) -> tuple[str, int]:
    """Upload a file of labels; return its place and how many labels it has.

    Raises:
        OperatorError: it has another form.
    """
    if path.suffix not in (".csv", ".jsonl"):
        raise OperatorError(f"{path}: found {path.suffix or 'no suffix'}, allowed: .csv, .jsonl")
    if not path.is_file():
        raise OperatorError(f"{path}: no such file")
    count = sum(1 for _ in _labels(path))
    if not count:
        raise OperatorError(f"{path}: found no label")
    # A later file replaces labels of an earlier one: the job reads them in the order of their names.
    key = f"labels/{use_case}/{datetime.now(UTC):%Y-%m-%d-%H-%M-%S}-{path.name}"
    s3.upload_file(str(path), bucket, key)
    return f"s3://{bucket}/{key}", count


def _labels(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        if path.suffix == ".csv":
            reader = csv.DictReader(file)
            _check(f"{path}, line 1", set(reader.fieldnames or ()))
            yield from reader
            return
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                document = json.loads(line)
            except ValueError as error:
                raise OperatorError(f"{path}, line {number}: not JSON: {error}") from error
            _check(f"{path}, line {number}", set(document) if isinstance(document, dict) else set())
            yield document


def _check(place: str, found: set[str]) -> None:
    missing = [name for name in REQUIRED if name not in found]
    if missing:
        raise OperatorError(
            f"{place}: {' and '.join(missing)} missing; expected inference_id, label, and row for "
            "requests of several rows"
        )
