"""Requests and answers as SageMaker captures them: JSON lines in files below a folder, read one at a time.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
"""

from __future__ import annotations

import base64
import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ml.config.use_case import UseCase
from ml.errors import InvalidRequestError, JobError
from ml.inference.requests import CSV, JSON, JSON_LINES, content_type_of, decode

BATCH_ROWS = 20_000


@dataclass
class Batch:
    """Rows of several requests with the predictions for them, in the order of the features."""

    as_text: bool  # every cell is text (CSV); otherwise the cells have JSON's types
    rows: list[list[Any]] = field(default_factory=list)
    predictions: list[Any] = field(default_factory=list)
    #: The request's InferenceId and the position of the row in it, for labels; "" without an id.
    ids: list[str] = field(default_factory=list)


@dataclass
class Seen:
    """What was read, and what could not be."""

    files: int = 0
    requests: int = 0
    rows: int = 0
    malformed_rows: int = 0  # rows with other columns than the model's features
    unreadable_requests: int = 0  # not of this endpoint's content types, or not answered row by row
    other_lines: int = 0  # not a line of SageMaker's data capture
    outside_window: int = 0
    first: str = ""
    last: str = ""


@dataclass(frozen=True)
class Window:
    """Requests from `since` until before `until`, as SageMaker writes times; None is no border."""

    since: datetime | None = None
    until: datetime | None = None

    def has(self, moment: datetime) -> bool:
        return (self.since is None or moment >= self.since) and (
            self.until is None or moment < self.until
        )


def read_time(text: str) -> datetime:
    """A time of ISO 8601 with its zone, such as 2026-01-31T23:59:59Z."""
    # Python 3.10 does not know "Z".
    moment = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)
    if moment.tzinfo is None:
        raise ValueError(f"the time {text!r} names no time zone")
    return moment


def batches(folder: Path, use_case: UseCase, window: Window, seen: Seen) -> Iterator[Batch]:
    """All rows below `folder`, at most BATCH_ROWS and one request at a time."""
    open_batches = {as_text: Batch(as_text) for as_text in (True, False)}
    names = use_case.feature_names
    for path in sorted(folder.rglob("*.jsonl")):
        seen.files += 1
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                as_text = _add_request(line, open_batches, names, window, seen)
                if as_text is not None and len(open_batches[as_text].rows) >= BATCH_ROWS:
                    yield open_batches[as_text]
                    open_batches[as_text] = Batch(as_text)
    for batch in open_batches.values():
        if batch.rows:
            yield batch


def _add_request(
    line: str, batches: dict[bool, Batch], names: list[str], window: Window, seen: Seen
) -> bool | None:
    """Add the rows of a captured request; the kind of batch they went to, None when there are none."""
    if not line.strip():
        return None
    try:
        record = json.loads(line)
        data, event = record["captureData"], record["eventMetadata"]
        moment, request = read_time(event["inferenceTime"]), data["endpointInput"]
    except (ValueError, KeyError, TypeError, AttributeError):
        seen.other_lines += 1
        return None
    if not window.has(moment):
        seen.outside_window += 1
        return None
    seen.requests += 1
    time = event["inferenceTime"]
    seen.first, seen.last = min(seen.first or time, time), max(seen.last, time)
    try:
        rows = decode(_body(request), request.get("observedContentType"))
        predictions = _predictions(data.get("endpointOutput"), len(rows.rows))
    except (InvalidRequestError, ValueError, KeyError, TypeError, AttributeError):
        seen.unreadable_requests += 1
        return None
    batch = batches[rows.as_text]
    inference_id = event.get("inferenceId", "")
    for position, (row, prediction) in enumerate(zip(rows.rows, predictions, strict=True)):
        cells = _cells(row, names)
        if cells is None:
            seen.malformed_rows += 1
            continue
        seen.rows += 1
        batch.rows.append(cells)
        batch.predictions.append(prediction)
        batch.ids.append(f"{inference_id}:{position}" if inference_id else "")
    return rows.as_text


def _cells(row: Any, names: list[str]) -> list[Any] | None:
    if isinstance(row, dict):
        return [row[name] for name in names] if set(row) == set(names) else None
    return row if isinstance(row, list) and len(row) == len(names) else None


def _body(part: dict[str, Any]) -> str:
    text = part["data"]
    if part.get("encoding") == "BASE64":
        return base64.b64decode(text, validate=True).decode("utf-8")
    return str(text)


def _predictions(part: dict[str, Any] | None, rows: int) -> list[Any]:
    """A number or a label for each row; raise ValueError when the answer has another form."""
    if part is None:  # only requests are captured
        return [None] * rows
    text, kind = _body(part), content_type_of(part.get("observedContentType"))
    if kind == CSV:
        answers: list[Any] = [row[0] for row in csv.reader(text.splitlines()) if row]
    elif kind == JSON_LINES:
        answers = [json.loads(line) for line in text.split("\n") if line.strip()]
    elif kind == JSON:
        answers = json.loads(text)["predictions"]
    else:
        raise ValueError(f"answers of content type {kind!r} are not known")
    if len(answers) != rows:
        raise ValueError(f"{len(answers)} answers for {rows} rows")
    return [answer["label"] if isinstance(answer, dict) else answer for answer in answers]


def check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise JobError(
            f"{folder} does not exist; expected the folder of captured requests (.jsonl files)."
        )
