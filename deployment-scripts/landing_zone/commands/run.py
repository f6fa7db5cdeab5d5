"""Run the main job: data, training, approval, endpoint or batch, predictions.

    USE_CASE=housing python deployment-scripts/run.py
    USE_CASE=iris ENDPOINT_TYPE=Batch DATA=my.csv APPROVE=ask python deployment-scripts/run.py

Follows the run that a new manifest has started, or starts one. If it is interrupted, run it again: it
continues with the same run. When the run fails, the exit code is 1 and the failed action's message is shown.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path

from landing_zone.api.predictions import ApiRefusedError, find_api, predict_url
from landing_zone.api.session import ApiSession
from landing_zone.commands.common import add_run_option, follow_to_success, open_pipeline
from landing_zone.core.aws import Aws, Clients
from landing_zone.core.manifest import BATCH, Key
from landing_zone.core.names import APPROVE_MODEL, UPLOAD_DATA, UPLOAD_INFERENCE_DATA
from landing_zone.core.settings import Settings
from landing_zone.runs.costs import cost_text
from landing_zone.runs.evidence import read_evidence
from landing_zone.runs.follow import Approver, leave_to_people
from landing_zone.runs.inputs import csv_files, upload_inputs
from landing_zone.runs.pipeline import Pipeline
from landing_zone.runs.progress import Progress
from landing_zone.runs.results import api_predictions, show_results
from landing_zone.runs.run import Action, Run
from landing_zone.runs.selection import RunSelector, stop_runs_ahead
from landing_zone.sources.checkout import overrides, read_use_case


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_option(parser)
    parser.add_argument(
        "--take-over", action="store_true", help="stop other runs that wait for an approval"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    if settings.data:
        # A wrong path fails here, not after the pipeline has started.
        csv_files(Path(settings.data))
    aws, pipeline = open_pipeline(settings)
    run_id = args.run or _select_or_start(aws, pipeline, settings)

    def approver(progress: Progress) -> Approver:
        if settings.approve != "auto":
            return leave_to_people
        return AutomaticApprover(aws, pipeline, progress, settings.data)

    finished = follow_to_success(
        aws,
        pipeline,
        run_id,
        settings,
        approver=approver,
        each=partial(stop_runs_ahead, pipeline) if args.take_over else None,
    )
    manifest = pipeline.manifest(finished)
    use_case = read_use_case(str(manifest[Key.USE_CASE]))
    print(f"\n{read_evidence(aws.client('s3'), manifest).text()}\n")
    print(show_results(aws, manifest, use_case.features, use_case.target))
    if manifest[Key.ENDPOINT_TYPE] != BATCH:
        print(_through_the_api(aws, settings, manifest, use_case.features))
    cost = cost_text(aws, finished, manifest, is_local=settings.is_local)
    print(f"\n{cost}" if cost else "")
    print(f"{locations(finished, manifest)}\n\n{next_commands(settings, manifest)}")
    return 0


class AutomaticApprover:
    """Does what a person would do at each approval: uploads the data, checks the metrics, approves."""

    def __init__(self, aws: Clients, pipeline: Pipeline, progress: Progress, data: str) -> None:
        self._s3 = aws.client("s3")
        self._pipeline = pipeline
        self._progress = progress
        self._data = data

    def __call__(self, run: Run, action: Action) -> str | None:
        manifest = self._pipeline.manifest(run)
        use_case = read_use_case(manifest[Key.USE_CASE])
        if action.name == UPLOAD_DATA:
            files = csv_files(Path(self._data) if self._data else use_case.training_sample)
            return self._upload(manifest[Key.TRAINING_INPUT], files)
        if action.name == APPROVE_MODEL:
            evidence = read_evidence(self._s3, manifest)
            self._progress.say(f"metrics  {evidence.verdict}")
            # The model has passed the gate of the state machine; this check must agree with it.
            return f"APPROVE=auto: {evidence.verdict}" if evidence.passed else None
        if action.name == UPLOAD_INFERENCE_DATA:
            if manifest[Key.ENDPOINT_TYPE] != BATCH:
                return "APPROVE=auto: an endpoint needs no inference data"
            return self._upload(manifest[Key.INFERENCE_INPUT], csv_files(use_case.inference_sample))
        return None

    def _upload(self, location: str, files: list[Path]) -> str:
        for uri in upload_inputs(self._s3, location, files):
            self._progress.say(f"uploaded {uri}")
        digests = ", ".join(
            f"{path.name} sha256 {hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"
            for path in files
        )
        return f"APPROVE=auto: {digests}"


def _through_the_api(
    aws: Aws, settings: Settings, manifest: Mapping[str, str], features: Sequence[str]
) -> str:
    """Predictions as applications get them, or why there are none."""
    if find_api(aws, settings) is None:
        return "inference API: not enabled (inference_api in config/environments)"
    url = predict_url(aws, settings, manifest[Key.USE_CASE])
    try:
        with ApiSession(aws.credentials, settings.region) as session:
            return api_predictions(aws.client("s3"), session, url, manifest, features)
    except ApiRefusedError as error:
        if error.status != HTTPStatus.UNAUTHORIZED:
            raise
        return f"inference API, POST {url}: it needs a token (predict.py --token-file)"


def locations(run: Run, manifest: Mapping[str, str]) -> str:
    """Where the run has stored its files and logs."""
    lines = [f"files     s3://{manifest[Key.WORKFLOW_BUCKET]}/{run.id}/"]
    lines += [
        f"logs      {step.log_group}  {step.name}"
        for action in run.actions
        for step in action.steps
        if step.log_group
    ]
    return "\n".join(lines)


def next_commands(settings: Settings, manifest: Mapping[str, str]) -> str:
    """Commands to try next."""
    other = "iris" if manifest[Key.USE_CASE] == "housing" else "housing"
    if not settings.is_local:
        return "next      python deployment-scripts/status.py; bash deployment-scripts/quick-destroy.sh"
    return "\n".join(
        [
            f"next      make local USE_CASE={other}              another use case",
            "          make local ENDPOINT_TYPE=Batch         predictions for a file",
            "          make local DATA=my.csv                 your own data",
            "          make local IMAGE_TAG=prebuilt          SageMaker's scikit-learn image instead of ours",
            "          make local APPROVE=ask                 answer the approvals yourself",
            "          make local-down                        remove everything",
        ]
    )


def _select_or_start(aws: Clients, pipeline: Pipeline, settings: Settings) -> str:
    wanted = overrides(settings)
    found = RunSelector(pipeline, aws.client("s3")).find(wanted, with_own_data=bool(settings.data))
    if found:
        print(f"run {found} is in progress")
        return found
    started = pipeline.start(wanted)
    print(f"run {started} started" + (f" with {wanted}" if wanted else ""))
    return started
