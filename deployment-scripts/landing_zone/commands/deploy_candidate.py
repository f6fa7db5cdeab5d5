"""Deploy the model that was evaluated for a pull request.

    python deployment-scripts/deploy_candidate.py --pull-request 12 --commit SHA

Approves ApproveModel of the run that evaluated this commit, and follows the run until the endpoint is in
service. Refuses every other model: the package must name the pull request, the commit and the run, wait for
its approval, and have passed its gate. One deployment at a time: an object in S3 is the lock. Writes
build/ci/evaluation/deployment.md.
"""

from __future__ import annotations

import argparse
from functools import partial

from landing_zone.commands.common import follow_to_success, open_pipeline
from landing_zone.commands.evaluate_candidate import (
    add_candidate_options,
    check_commit,
    write_text,
)
from landing_zone.core.errors import OperatorError
from landing_zone.core.manifest import BATCH, Key
from landing_zone.core.names import APPROVE_MODEL, UPLOAD_INFERENCE_DATA
from landing_zone.core.settings import Settings
from landing_zone.runs.approvals import waiting_action
from landing_zone.runs.deployment_lock import deployment_lock
from landing_zone.runs.evaluation import check_deployable, describe, read_record
from landing_zone.runs.evidence import read_evidence
from landing_zone.runs.run import Action, Run

MARKER = "<!-- landing-zone: deployment of a candidate -->"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_candidate_options(parser)


def run(args: argparse.Namespace, settings: Settings) -> int:
    check_commit(args.commit)
    aws, pipeline = open_pipeline(settings)
    s3, bucket = aws.client("s3"), pipeline.deployment.workflow_bucket
    with deployment_lock(s3, bucket, f"pull request {args.pull_request}, commit {args.commit}"):
        record = read_record(s3, bucket, args.pull_request)
        if record is None or not record.model_package:
            raise OperatorError(
                f"pull request {args.pull_request} has no evaluated model: give the command /evaluate "
                f"{args.commit} first"
            )
        package = describe(aws.client("sagemaker"), record.model_package)
        check_deployable(record, package, args.commit, args.pull_request)
        waiting_run = pipeline.read(record.run)
        waiting = waiting_action(waiting_run, APPROVE_MODEL)
        manifest = pipeline.manifest(waiting_run)
        evidence = read_evidence(s3, manifest)
        if not evidence.passed:
            raise OperatorError(f"the gate has not passed: {evidence.verdict}")
        if manifest[Key.ENDPOINT_TYPE] == BATCH:
            raise OperatorError(
                f"run {record.run} predicts a file: there is nothing to deploy. Set EndpointType to "
                "SageMakerEndpoint in config/manifest.json, and evaluate again"
            )
        summary = (
            f"/deploy-candidate {args.commit}, pull request {args.pull_request}: {evidence.verdict}"
        )
        pipeline.answer(waiting, approved=True, summary=summary)
        follow_to_success(
            aws, pipeline, record.run, settings, approver=lambda _: partial(_confirm, args.commit)
        )
    endpoint = pipeline.manifest(pipeline.read(record.run))[Key.ENDPOINT_NAME]
    write_text(
        "deployment.md",
        f"{MARKER}\n### `{args.commit[:12]}` is deployed\n\n`{endpoint}` serves `{package.arn}`.\n\n"
        f"{evidence.verdict}\n",
    )
    print(f"endpoint {endpoint} serves {package.arn}")
    return 0


def _confirm(commit: str, _: Run, action: Action) -> str | None:
    """An endpoint needs no inference data; every other approval is a person's."""
    return f"/deploy-candidate {commit}" if action.name == UPLOAD_INFERENCE_DATA else None
