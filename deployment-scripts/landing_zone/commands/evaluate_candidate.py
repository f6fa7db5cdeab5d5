"""Train the model of a pull request and compare it with the live one.

    python deployment-scripts/evaluate_candidate.py --candidate build/candidate --pull-request 12 --commit SHA

Uploads the job code and the manifest of the checkout as a code version of their own, starts a run with the
data of the live model, and follows it until it waits for ApproveModel. Nothing of the checkout runs on this
machine. Writes build/ci/evaluation/evaluation.md. An earlier run for this pull request that still waits is
stopped. When the run or its quality gate fails, the exit code is 1.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from landing_zone.commands.common import open_pipeline
from landing_zone.core.aws import Aws
from landing_zone.core.errors import OperatorError
from landing_zone.core.manifest import Key
from landing_zone.core.names import APPROVE_MODEL, UPLOAD_DATA
from landing_zone.core.settings import ROOT, Settings
from landing_zone.runs import evaluation
from landing_zone.runs.evidence import read_evidence
from landing_zone.runs.follow import interval, require_success
from landing_zone.runs.inputs import csv_files, upload_inputs
from landing_zone.runs.pipeline import Pipeline
from landing_zone.runs.progress import Progress, make_progress
from landing_zone.runs.run import Run
from landing_zone.sources.candidate import read_candidate, upload_candidate
from landing_zone.sources.checkout import read_use_case

FOLDER = ROOT / "build/ci/evaluation"


def add_candidate_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--pull-request", type=int, required=True, help="number of the pull request"
    )
    parser.add_argument("--commit", required=True, help="head of the pull request, 40 digits")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--candidate", type=Path, required=True, help="checkout of the pull request"
    )
    add_candidate_options(parser)


def check_commit(commit: str) -> None:
    """A commit becomes part of keys, so nothing else may pass."""
    if not re.fullmatch(r"[0-9a-f]{40}", commit):
        raise OperatorError(f"--commit is {commit!r}; allowed: 40 lower-case hexadecimal digits")


def run(args: argparse.Namespace, settings: Settings) -> int:
    check_commit(args.commit)
    candidate = read_candidate(args.candidate, args.commit)
    aws, pipeline = open_pipeline(settings)
    s3, bucket = aws.client("s3"), pipeline.deployment.workflow_bucket
    _stop_earlier(pipeline, evaluation.read_record(s3, bucket, args.pull_request))
    changed = upload_candidate(s3, pipeline.deployment.source_bucket, candidate)
    print(f"code version {candidate.version}: {len(changed)} objects uploaded")
    run_id = pipeline.start_with_manifest(candidate.manifest_key)
    record = evaluation.Record(args.pull_request, args.commit, run_id)
    evaluation.write_record(s3, bucket, record)
    print(f"run {run_id} started for {args.commit}")
    with make_progress() as progress:
        finished, data = _follow(aws, pipeline, progress, run_id, settings)
    if finished.waiting is None:
        return _fail(record, finished)
    manifest = pipeline.manifest(finished)
    sagemaker, group = aws.client("sagemaker"), str(manifest[Key.MODEL_PACKAGE_GROUP])
    package = evaluation.package_of_run(sagemaker, group, run_id)
    sagemaker.update_model_package(
        ModelPackageArn=package.arn,
        CustomerMetadataProperties={evaluation.PULL_REQUEST: str(args.pull_request)},
    )
    record = evaluation.Record(args.pull_request, args.commit, run_id, package.arn, data)
    evaluation.write_record(s3, bucket, record)
    live = evaluation.live_package(sagemaker, group)
    text = evaluation.table(
        record,
        candidate.version,
        read_evidence(s3, manifest),
        evaluation.live_evidence(s3, bucket, live),
        live.arn if live else "",
    )
    write_text("evaluation.md", text)
    print(text)
    return 0


def write_text(name: str, text: str) -> None:
    """Write a text for the pull request."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / name).write_text(text, encoding="utf-8")


def _stop_earlier(pipeline: Pipeline, record: evaluation.Record | None) -> None:
    """The run of an earlier commit that waits would hold up the runs behind it."""
    if record is None:
        return
    earlier = pipeline.read(record.run)
    if not earlier.is_over:
        pipeline.stop(record.run, f"pull request {record.pull_request} is evaluated again")
        print(f"run {record.run} stopped: it was the earlier evaluation of this pull request")


def _follow(
    aws: Aws, pipeline: Pipeline, progress: Progress, run_id: str, settings: Settings
) -> tuple[Run, str]:
    """Follow the run until it is over or waits for ApproveModel; returns it and the hash of its data."""
    data = ""
    while True:
        found = pipeline.read(run_id)
        progress.show(found)
        waiting = found.waiting
        if found.is_over or (waiting and waiting.name == APPROVE_MODEL):
            return found, data
        if waiting and waiting.name == UPLOAD_DATA:
            data = _provide_data(aws, pipeline.manifest(found), settings)
            pipeline.answer(waiting, approved=True, summary=f"evaluation: data sha256 {data[:12]}")
        time.sleep(interval(settings.is_local))


def _provide_data(aws: Aws, manifest: Mapping[str, Any], settings: Settings) -> str:
    """What the live model was trained on, so that both can be compared; else DATA or the sample."""
    s3, target = aws.client("s3"), str(manifest[Key.TRAINING_INPUT])
    live = evaluation.live_package(aws.client("sagemaker"), str(manifest[Key.MODEL_PACKAGE_GROUP]))
    if live and live.run_id and not settings.data:
        source = f"s3://{manifest[Key.WORKFLOW_BUCKET]}/{live.run_id}/source"
        return evaluation.copy_data(s3, source, target)
    sample = read_use_case(str(manifest[Key.USE_CASE])).training_sample
    files = csv_files(Path(settings.data) if settings.data else sample)
    upload_inputs(s3, target, files)
    return evaluation.hash_of(files)


def _fail(record: evaluation.Record, finished: Run) -> int:
    try:
        require_success(finished)
    except OperatorError as error:
        write_text("evaluation.md", evaluation.failed(record, str(error)))
        raise
    raise OperatorError(f"run {finished.id} ended without asking for the approval of a model")
