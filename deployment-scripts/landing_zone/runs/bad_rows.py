"""Rows that a transform job refused or skipped: which line of which file they are.

The container knows only the place of a row in its request, and SageMaker does not say where it split the
file. A refused row is in the job's log with a hash of its line (workflow/ml/inference/bad_rows.py), by which
it is found in the input. A skipped row is an empty line of the output, which has a line for each line of the
input.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from landing_zone.core.aws import Clients
from landing_zone.core.manifest import Key
from landing_zone.core.s3 import list_objects, split_folder, split_uri
from landing_zone.runs.logs import TRANSFORM_JOBS
from landing_zone.runs.pipeline import Pipeline
from landing_zone.runs.run import Run

# How many skipped rows are listed by line number.
SHOWN_LINES = 10
# The "event" of the JSON object that a job logs for each bad row.
_EVENT = "bad_row"
_CHUNK = 1 << 20


def refused_row(aws: Clients, pipeline: Pipeline, run: Run) -> str:
    """The first row that the run's failed transform job refused, in a line; empty when there is none."""
    job = next((step for step in run.failed_steps if step.log_group == TRANSFORM_JOBS), None)
    if job is None:
        return ""
    try:
        reasons = _logged(aws.client("logs"), job.name)
        if not reasons:
            return ""
        location = str(pipeline.manifest(run)[Key.INFERENCE_INPUT])
        found = _find(aws.client("s3"), location, reasons)
    except ClientError as error:
        # An error here must not hide why the job failed.
        return f"bad row: not looked for, {error}"
    return found or f"bad row: {next(iter(reasons.values()))}"


def skips_bad_rows(s3: Any, manifest: Mapping[str, Any]) -> bool:
    """Whether the run's use case says `bad_rows: skip`."""
    bucket, key = split_uri(str(manifest[Key.USE_CASE_LOCATION]))
    use_case = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    return bool(use_case.get("batch", {}).get("bad_rows") == "skip")


def skipped_rows(s3: Any, bucket: str, key: str) -> str:
    """How many rows of an output file were skipped, and which."""
    count, skipped, first = 0, 0, []
    for count, line in enumerate(_lines(s3, bucket, key), start=1):
        if not line:
            skipped += 1
            if skipped <= SHOWN_LINES:
                first.append(f"{count:,}")
    if not skipped:
        return f"no row of {count:,} was skipped"
    more = f" and {skipped - SHOWN_LINES:,} more" if skipped > SHOWN_LINES else ""
    return (
        f"{skipped:,} of {count:,} rows skipped: line{'s' * (skipped > 1)} {', '.join(first)}{more}"
    )


def _logged(logs: Any, job: str) -> dict[str, str]:
    """Why a row was refused and its text, by the hash of its line."""
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=TRANSFORM_JOBS, logStreamNamePrefix=f"{job}/", filterPattern=f'"{_EVENT}"'
    )
    reasons: dict[str, str] = {}
    for message in (event["message"] for page in pages for event in page["events"]):
        try:
            logged = json.loads(message)
            if logged["event"] == _EVENT:
                reasons.setdefault(logged["sha256"], f"{_reason(logged)}: {logged['line']}")
        except (ValueError, KeyError, TypeError):
            # Another line that has the word in it.
            continue
    return reasons


def _reason(logged: Mapping[str, Any]) -> str:
    """Without the number of the row in its request, which would confuse beside that of the line."""
    row = f"row {logged['row']}"
    parts = str(logged["reason"]).split("; ")
    return "; ".join(part.removeprefix(f"{row}, ").removeprefix(f"{row}: ") for part in parts)


def _find(s3: Any, location: str, reasons: Mapping[str, str]) -> str:
    bucket, prefix = split_folder(location)
    for key, _ in list_objects(s3, bucket, prefix):
        for number, line in enumerate(_lines(s3, bucket, key), start=1):
            reason = reasons.get(hashlib.sha256(line).hexdigest()[:16])
            if reason:
                return f"bad row: line {number:,} of s3://{bucket}/{key}: {reason}"
    return ""


def _lines(s3: Any, bucket: str, key: str) -> Iterator[bytes]:
    """The lines of a file that may have gigabytes, without line ends and byte order mark."""
    body = s3.get_object(Bucket=bucket, Key=key)["Body"]
    mark, rest = b"\xef\xbb\xbf", b""
    while chunk := body.read(_CHUNK):
        *complete, rest = (rest + chunk.removeprefix(mark)).split(b"\n")
        mark = b""
        for line in complete:
            yield line.removesuffix(b"\r")
    if rest:
        yield rest.removesuffix(b"\r")
