"""A job package for lambdas/start_job: a zip with CSV files and values of the manifest."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from landing_zone.core.errors import OperatorError
from landing_zone.core.s3 import read_json
from landing_zone.sources.checkout import read_manifest
from landing_zone.sources.package import zip_bytes

UPLOADS, ANSWERS = "jobs/", "job-answers/"
# lambdas/start_job/package.py refuses every other value.
JOB_KEYS = (
    "EndpointType",
    "ImageTag",
    "InstanceType",
    "EndpointInstanceType",
    "EndpointInstanceCount",
    "MetricThreshold",
    "TrainingHyperParameters",
)
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}\.csv")


def job_zip(files: Sequence[Path], values: Mapping[str, Any]) -> bytes:
    """The zip; the same files and values give the same bytes."""
    content: dict[str, bytes] = {}
    for path in files:
        if not _FILE.fullmatch(path.name):
            raise OperatorError(
                f"{path.name} cannot be in a job package; allowed: letters, digits, hyphens and underscores, "
                "ending with .csv"
            )
        if f"data/{path.name}" in content:
            raise OperatorError(f"two files have the name {path.name}")
        content[f"data/{path.name}"] = path.read_bytes()
    if values:
        content["job.json"] = (json.dumps(values, indent=2) + "\n").encode()
    return zip_bytes(content)


def job_values(settings: Sequence[str]) -> dict[str, Any]:
    """KEY=VALUE as values of the manifest; a number or an object is written as JSON."""
    manifest = read_manifest()
    allowed = [key for key in JOB_KEYS if key in manifest]
    values: dict[str, Any] = {}
    for text in settings:
        key, separator, value = text.partition("=")
        if key not in allowed or not separator:
            raise OperatorError(
                f"{text!r} cannot be set; allowed: KEY=VALUE of {', '.join(allowed)}"
            )
        try:
            values[key] = json.loads(value)
        except ValueError:
            values[key] = value
    return values


def upload_key(use_case: str, body: bytes, suffix: str) -> str:
    return f"{UPLOADS}{use_case}/{hashlib.sha256(body).hexdigest()[:12]}{suffix}"


def upload(s3: Any, bucket: str, key: str, body: bytes) -> str:
    """Upload the package; returns the id of this version of the object."""
    return str(s3.put_object(Bucket=bucket, Key=key, Body=body).get("VersionId", ""))


def wait_for_answer(
    s3: Any,
    bucket: str,
    key: str,
    version: str,
    *,
    seconds: float,
    pause: float,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """The id of the run that the upload has started.

    Raises:
        OperatorError: the upload was refused, or nothing has answered in time.
    """
    answer_key = f"{ANSWERS}{key.removeprefix(UPLOADS)}.json"
    for _ in range(max(1, round(seconds / pause))):
        answer = read_json(s3, bucket, answer_key) or {}
        # An earlier upload of the same content has an answer of its own.
        if answer.get("VersionId") == version:
            if answer["Status"] != "Started":
                raise OperatorError(f"s3://{bucket}/{key} was refused: {answer['Reason']}")
            return str(answer["RunId"])
        sleep(pause)
    raise OperatorError(
        f"s3://{bucket}/{key} was uploaded, and nothing has answered in {seconds:g} s: look at the log group "
        "of the function start-job, and whether the infrastructure is up to date (quick-deploy.sh)"
    )
