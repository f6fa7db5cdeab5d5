"""The rows of the test: held out by the run, in the order of the use case, without the target."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from common.errors import InputError

# Enough to vary the requests; a held-out file may have gigabytes.
MAX_ROWS = 500
_HEAD_BYTES = 512 * 1024
# A large test set is no CSV file; then sample.csv holds its first rows.
_FILES = ("test.csv", "sample.csv")


@dataclass(frozen=True)
class Rows:
    """Lines of CSV to send, and the labels that an answer may have; none for a regression."""

    lines: tuple[str, ...]
    labels: frozenset[str]

    def body(self, number: int) -> bytes:
        return f"{self.lines[number % len(self.lines)]}\n".encode()

    def problem(self, answer: bytes, rows: int) -> str | None:
        """What is wrong with an answer to some rows."""
        found = [
            cells for cells in csv.reader(io.StringIO(answer.decode("utf-8", "replace"))) if cells
        ]
        if len(found) != rows:
            return f"found {len(found)} predictions, expected {rows}"
        for cells in found:
            if self.labels and cells[0] not in self.labels:
                known = ", ".join(sorted(self.labels))[:200]
                return f"found the label {cells[0][:50]!r}, expected one of {known}"
            if not self.labels and not _is_number(cells[0]):
                return f"found {cells[0][:50]!r}, expected a number"
        return None


def read_rows(s3: Any, bucket: str, run_id: str) -> Rows:
    """The held-out rows of a run."""
    use_case = json.loads(_read(s3, bucket, f"{run_id}/config/use_case.json"))
    text = _held_out(s3, bucket, run_id)
    target = use_case["target"]
    features = [column["name"] for column in use_case["columns"] if column["name"] != target]
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    lines = []
    for row in csv.DictReader(io.StringIO(text)):
        output.seek(0)
        output.truncate()
        writer.writerow([row[name] for name in features])
        lines.append(output.getvalue().rstrip("\n"))
        if len(lines) == MAX_ROWS:
            break
    if not lines:
        raise InputError(f"s3://{bucket}/{run_id}/preprocessing/test/ holds no row to send")
    return Rows(tuple(lines), _labels(use_case))


def _labels(use_case: Mapping[str, Any]) -> frozenset[str]:
    if use_case["task"] != "classification":
        return frozenset()
    target = next(item for item in use_case["columns"] if item["name"] == use_case["target"])
    return frozenset(map(str, target["values"]))


def _held_out(s3: Any, bucket: str, run_id: str) -> str:
    for name in _FILES:
        try:
            text = _read(s3, bucket, f"{run_id}/preprocessing/test/{name}")
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"NoSuchKey", "404"}:
                raise
            continue
        # The last line may be cut off in the middle.
        return text if len(text) < _HEAD_BYTES else text[: text.rfind("\n") + 1]
    raise InputError(
        f"s3://{bucket}/{run_id}/preprocessing/test/ holds neither {' nor '.join(_FILES)}: "
        "preprocess writes them"
    )


def _read(s3: Any, bucket: str, key: str) -> str:
    answer = s3.get_object(Bucket=bucket, Key=key)
    return str(answer["Body"].read(_HEAD_BYTES).decode("utf-8", "ignore"))


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
