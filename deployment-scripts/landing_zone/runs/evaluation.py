"""The model that was trained for a pull request, beside the live one; and the record of the evaluation."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from landing_zone.core.aws import error_code
from landing_zone.core.errors import OperatorError
from landing_zone.core.manifest import Key
from landing_zone.core.s3 import list_objects, split_folder
from landing_zone.runs.evidence import Evidence, one_line, read_evidence

RECORDS = "evaluations"
PULL_REQUEST = "PullRequest"
MARKER = "<!-- landing-zone: evaluation of a candidate -->"


@dataclass(frozen=True)
class Package:
    """A version of the model registry, with what the state machine wrote beside it."""

    arn: str
    status: str
    properties: Mapping[str, str]

    @property
    def run_id(self) -> str:
        return self.properties.get("RunId", "")


@dataclass(frozen=True)
class Record:
    """What was evaluated for a pull request last: one object per pull request."""

    pull_request: int
    commit: str
    run: str
    model_package: str = ""
    data_sha256: str = ""


def packages(sagemaker: Any, group: str, status: str) -> list[Package]:
    """The versions of a group with this approval status, newest first."""
    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=group,
        ModelApprovalStatus=status,
        SortBy="CreationTime",
        SortOrder="Descending",
    )
    return [
        describe(sagemaker, item["ModelPackageArn"])
        for page in pages
        for item in page["ModelPackageSummaryList"]
    ]


def describe(sagemaker: Any, arn: str) -> Package:
    """One version."""
    found = sagemaker.describe_model_package(ModelPackageName=arn)
    return Package(
        arn, found["ModelApprovalStatus"], dict(found.get("CustomerMetadataProperties", {}))
    )


def package_of_run(sagemaker: Any, group: str, run_id: str) -> Package:
    """The version that a run has registered."""
    for package in packages(sagemaker, group, "PendingManualApproval"):
        if package.run_id == run_id:
            return package
    raise OperatorError(f"{group} has no version of run {run_id} that waits for its approval")


def live_package(sagemaker: Any, group: str) -> Package | None:
    """The newest approved version, which is in production; None before the first approval."""
    return next(iter(packages(sagemaker, group, "Approved")), None)


def live_evidence(s3: Any, bucket: str, live: Package | None) -> Evidence | None:
    """How the live model was evaluated; None when its evaluation has expired."""
    if live is None or not live.run_id:
        return None
    try:
        return read_evidence(s3, {Key.EVALUATION: f"s3://{bucket}/{live.run_id}/evaluation/output"})
    except OperatorError:
        return None


def copy_data(s3: Any, source: str, target: str) -> str:
    """Copy the CSV files of one run to another; returns the hash of their content."""
    bucket, prefix = split_folder(source)
    to_bucket, to_prefix = split_folder(target)
    keys = sorted(key for key, size in list_objects(s3, bucket, prefix) if size)
    if not keys:
        raise OperatorError(
            f"{source} holds no data any more: set DATA to the file that the candidate is trained on"
        )
    digest = hashlib.sha256()
    for key in keys:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        digest.update(body)
        s3.put_object(Bucket=to_bucket, Key=to_prefix + key.removeprefix(prefix), Body=body)
    return digest.hexdigest()


def hash_of(files: list[Path]) -> str:
    """The same hash for files of this machine."""
    digest = hashlib.sha256()
    for path in sorted(files, key=lambda file: file.name):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def write_record(s3: Any, bucket: str, record: Record) -> None:
    """Store the record of a pull request in place of the last one."""
    body = json.dumps(asdict(record), indent=2).encode()
    s3.put_object(Bucket=bucket, Key=f"{RECORDS}/{record.pull_request}.json", Body=body)


def read_record(s3: Any, bucket: str, pull_request: int) -> Record | None:
    """The record of a pull request; None before its first evaluation."""
    try:
        body = s3.get_object(Bucket=bucket, Key=f"{RECORDS}/{pull_request}.json")["Body"].read()
    except ClientError as error:
        if error_code(error) not in {"404", "NoSuchKey"}:
            raise
        return None
    return Record(**json.loads(body))


def check_deployable(record: Record | None, package: Package, commit: str, number: int) -> None:
    """Refuse every model but the one that was evaluated for this commit of this pull request."""
    if record is None or record.commit != commit:
        found = f"commit {record.commit}" if record else "no commit"
        raise OperatorError(
            f"{found} of pull request {number} was evaluated, and its head is {commit}: give the command "
            f"/evaluate {commit} first"
        )
    expected = {"RunId": record.run, "GitCommit": commit, PULL_REQUEST: str(number)}
    wrong = {
        name: package.properties.get(name, "")
        for name, value in expected.items()
        if package.properties.get(name) != value
    }
    if wrong:
        raise OperatorError(
            f"{package.arn} is not the model of this evaluation: found {wrong}, expected {expected}. Give "
            f"the command /evaluate {commit} again"
        )
    if package.status != "PendingManualApproval":
        raise OperatorError(
            f"{package.arn} is {package.status}, but must be PendingManualApproval: somebody has decided"
        )


def table(
    record: Record, version: str, candidate: Evidence, live: Evidence | None, live_arn: str
) -> str:
    """The comment of a pull request: every metric of both models, their difference, and the verdict."""
    gate = candidate.gate
    names = [gate["metric"], *(name for name in candidate.metrics if name != gate["metric"])]
    lines = [
        MARKER,
        f"### Evaluation of `{record.commit[:12]}`: {'passed' if candidate.passed else 'failed'}",
        "",
        f"**{one_line(candidate.verdict)}**",
        "",
        "| metric | candidate | live model | difference |",
        "| --- | --- | --- | --- |",
    ]
    for name in names:
        value = candidate.metrics.get(
            name, float(gate["value"]) if name == gate["metric"] else None
        )
        other = live.metrics.get(name) if live else None
        difference = f"{value - other:+.4g}" if value is not None and other is not None else "none"
        lines.append(f"| {name} | {_number(value)} | {_number(other)} | {difference} |")
    if candidate.champion:
        lines += ["", f"On the same held-out rows: {candidate.against_champion}"]
    facts = {
        "model": record.model_package.rpartition(":")[2] or "not registered",
        "live model": live_arn.rpartition(":")[2] or "none yet",
        "commit": record.commit,
        "code version": version,
        "data (SHA-256)": record.data_sha256,
        "threshold": f"{gate['metric']} {gate['threshold']} ({gate['direction']})",
        "run": record.run,
    }
    lines += ["", "| | |", "| --- | --- |"]
    lines += [f"| {name} | `{value}` |" for name, value in facts.items()]
    if candidate.passed:
        lines += ["", f"To deploy it: `/deploy-candidate {record.commit}`"]
    return "\n".join(lines) + "\n"


def failed(record: Record, reason: str) -> str:
    """The comment when no model came out."""
    return f"{MARKER}\n### Evaluation of `{record.commit[:12]}`: failed\n\n```text\n{reason}\n```\n"


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.6g}"
