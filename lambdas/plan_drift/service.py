"""The work of plan_drift: which captured requests and which labels a drift job compares, and with what."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from common.errors import InputError
from common.storage import encryption, objects
from plan_drift.endpoint import Endpoint, find_endpoint
from plan_drift.settings import Settings

FOLDER = "monitoring"
# The volume of the job has 30 GB.
MOST_BYTES = 20 * 1024**3
TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Clients:
    s3: Any
    sagemaker: Any


@dataclass(frozen=True)
class Window:
    since: datetime
    until: datetime

    def hours(self) -> Iterator[datetime]:
        hour = self.since.replace(minute=0, second=0, microsecond=0)
        while hour < self.until:
            yield hour
            hour += timedelta(hours=1)


def plan_drift(event: Mapping[str, Any], settings: Settings, clients: Clients) -> dict[str, Any]:
    """`event` has Input (UseCase, Target and optionally WindowHours), Execution and Now."""
    given = event["Input"]
    now = datetime.fromisoformat(event["Now"])
    use_case, target = given["UseCase"], given.get("Target", "prod")
    endpoint = find_endpoint(clients.sagemaker, settings.prefix, use_case, target)
    hours = timedelta(hours=int(given.get("WindowHours") or settings.window_hours))
    window = window_of(endpoint, hours, now)
    moment = now.strftime("%Y-%m-%d-%H-%M-%S")
    # The time sorts the results; the execution tells two of the same second apart.
    result = f"{FOLDER}/{endpoint.name}/{moment}-{event['Execution'][:8]}"
    bucket = settings.workflow_bucket
    capture = captured(clients.s3, endpoint, window)
    labels = labelled(clients.s3, bucket, use_case, now - hours)
    plan = {
        "JobName": f"{use_case}-drift-{moment}-{event['Execution'][:8]}",
        "UseCase": use_case,
        "Target": target,
        "EndpointName": endpoint.name,
        "ModelPackageArn": endpoint.model_package_arn,
        "RunId": endpoint.run_id,
        "CodeVersion": endpoint.code_version,
        "ImageUri": endpoint.image,
        "Since": window.since.strftime(TIME),
        "Until": window.until.strftime(TIME),
        "CodeUri": f"s3://{settings.source_bucket}/code/{endpoint.code_version}/",
        "ConfigUri": f"s3://{bucket}/{endpoint.run_id}/config/use_case.json",
        "BaselineUri": f"s3://{bucket}/{endpoint.run_id}/evaluation/output/baseline.json",
        "CaptureUri": f"s3://{bucket}/{result}/input/capture.manifest",
        "LabelsUri": f"s3://{bucket}/{result}/input/labels.manifest",
        "OutputUri": f"s3://{bucket}/{result}/",
        "VerdictKey": f"{result}/verdict.json",
        "CaptureFiles": len(capture),
        "LabelFiles": len(labels),
    }
    empty = f"{result}/input/empty.txt"
    capture_bucket = endpoint.capture_uri.removeprefix("s3://").partition("/")[0]
    if capture_bucket != bucket:
        raise InputError(
            f"endpoint {endpoint.name} captures to {endpoint.capture_uri}; expected a location in s3://{bucket}/."
        )
    inputs = {
        empty: b"A list of objects must name at least one.\n",
        f"{result}/input/capture.manifest": manifest(bucket, [empty, *capture]),
        f"{result}/input/labels.manifest": manifest(bucket, [empty, *labels]),
        f"{result}/plan.json": json.dumps(plan, indent=2).encode(),
    }
    for key, body in inputs.items():
        clients.s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=body,
            **encryption(settings.kms_key_arn),
        )
    return plan


def window_of(endpoint: Endpoint, hours: timedelta, now: datetime) -> Window:
    """The last hours, but nothing that the model before this one has answered."""
    return Window(max(now - hours, endpoint.live_since), now)


def captured(s3: Any, endpoint: Endpoint, window: Window) -> list[str]:
    """The keys of the captured requests, {prefix}/{endpoint}/{variant}/yyyy/mm/dd/hh/."""
    bucket, _, prefix = endpoint.capture_uri.removeprefix("s3://").partition("/")
    folder = f"{prefix}/{endpoint.name}/{endpoint.variant}".lstrip("/")
    found = [
        item
        for hour in window.hours()
        for item in objects(s3, bucket, f"{folder}/{hour:%Y/%m/%d/%H}/")
    ]
    size = sum(item["Size"] for item in found)
    if size > MOST_BYTES:
        raise InputError(
            f"{len(found)} files of captured requests have {size} bytes, allowed are {MOST_BYTES}. "
            "Choose a shorter window_hours of the variable monitoring, or a lower capture_percent."
        )
    return [item["Key"] for item in found]


def labelled(s3: Any, bucket: str, use_case: str, since: datetime) -> list[str]:
    """The keys of the labels that may be of requests in the window: none arrives before its request."""
    return [
        item["Key"]
        for item in objects(s3, bucket, f"labels/{use_case}/")
        if item["LastModified"] >= since and item["Size"]
    ]


def manifest(bucket: str, keys: list[str]) -> bytes:
    """A list of objects as S3DataType ManifestFile has it."""
    return json.dumps([{"prefix": f"s3://{bucket}/"}, *keys]).encode()
