"""The main job: from data to predictions, on whatever AWS the settings name."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

from landing_zone import cli
from landing_zone.approvals import APPROVE_MODEL, UPLOAD_DATA, UPLOAD_INFERENCE_DATA
from landing_zone.aws import Aws
from landing_zone.bad_rows import refused_row
from landing_zone.choice import Chooser
from landing_zone.deployment import load_deployment
from landing_zone.evidence import read_evidence
from landing_zone.follow import Approver, follow, interval, leave_it, require_success
from landing_zone.inputs import csv_files, upload_inputs
from landing_zone.pipeline import Pipeline
from landing_zone.progress import Progress, make_progress
from landing_zone.results import show_results
from landing_zone.runs import OVER, Action, Run
from landing_zone.settings import Settings
from landing_zone.sources import overrides, read_use_case


class AutomaticApprover:
    """Does at each approval what a person would do: uploads the data, looks at the metrics, goes on."""

    def __init__(self, aws: Aws, pipeline: Pipeline, progress: Progress, data: str) -> None:
        self._aws = aws
        self._pipeline = pipeline
        self._progress = progress
        self._data = data

    def __call__(self, run: Run, action: Action) -> str | None:
        manifest = self._pipeline.manifest(run)
        use_case = read_use_case(manifest["UseCase"])
        if action.name == UPLOAD_DATA:
            files = csv_files(Path(self._data) if self._data else use_case.training_sample)
            return self._upload(manifest["ProcessingInputLocation"], files)
        if action.name == APPROVE_MODEL:
            evidence = read_evidence(self._aws.client("s3"), manifest)
            self._progress.say(f"metrics  {evidence.verdict}")
            # The state machine has passed the gate; what is approved here must agree with it.
            return f"APPROVE=auto: {evidence.verdict}" if evidence.passed else None
        if action.name == UPLOAD_INFERENCE_DATA:
            if manifest["EndpointType"] != "Batch":
                return "APPROVE=auto: an endpoint needs no inference data"
            files = csv_files(use_case.inference_sample)
            return self._upload(manifest["InferenceInputLocation"], files)
        return None

    def _upload(self, location: str, files: list[Path]) -> str:
        places = upload_inputs(self._aws.client("s3"), location, files)
        for place in places:
            self._progress.say(f"uploaded {place}")
        digests = ", ".join(
            f"{path.name} sha256 {hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"
            for path in files
        )
        return f"APPROVE=auto: {digests}"


def run_main_job(args: argparse.Namespace, settings: Settings) -> int:
    aws = Aws(settings)
    if settings.data:
        csv_files(
            Path(settings.data)
        )  # a wrong path is said now, not after the pipeline has started
    pipeline = Pipeline(aws, load_deployment(aws, settings))
    run_id = args.run or _take_on(aws, pipeline, settings)
    with make_progress() as progress:
        approver: Approver = leave_it
        if settings.approve == "auto":
            approver = AutomaticApprover(aws, pipeline, progress, settings.data)
        run = follow(
            pipeline,
            run_id,
            progress,
            seconds=interval(settings.is_local),
            approver=approver,
            each=Bypass(pipeline, progress) if args.take_over else None,
        )
    require_success(run, refused_row(aws, pipeline, run))
    manifest = pipeline.manifest(run)
    print(f"\n{read_evidence(aws.client('s3'), manifest).text()}\n")
    print(show_results(aws, manifest))
    print(f"\n{whereabouts(run, manifest)}\n\n{next_commands(settings, manifest)}")
    return 0


def whereabouts(run: Run, manifest: dict[str, str]) -> str:
    """Where the things are that the run made."""
    bucket = manifest["WorkflowBucket"]
    lines = [f"files     s3://{bucket}/{run.id}/"]
    for action in run.actions:
        for step in action.steps:
            if step.log_group:
                lines.append(f"logs      {step.log_group}  {step.name}")
    return "\n".join(lines)


def next_commands(settings: Settings, manifest: dict[str, str]) -> str:
    """What to try now."""
    other = "iris" if manifest["UseCase"] == "housing" else "housing"
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


def _take_on(aws: Aws, pipeline: Pipeline, settings: Settings) -> str:
    wanted = overrides(settings)
    found = Chooser(pipeline, aws.client("s3")).find(wanted, with_own_data=bool(settings.data))
    if found:
        print(f"run {found} goes on")
        return found
    started = pipeline.start(wanted)
    print(f"run {started} started" + (f" with {wanted}" if wanted else ""))
    return started


class Bypass:
    """Runs go one after the other: one that nobody answers would keep ours waiting for days."""

    def __init__(self, pipeline: Pipeline, progress: Progress) -> None:
        self._pipeline = pipeline
        self._progress = progress

    def __call__(self, run: Run) -> None:
        """Stop the runs ahead that wait for an approval, while ours stands in line."""
        if run.is_over or any(action.status == "InProgress" for action in run.actions):
            return
        for item in self._pipeline.executions():
            other = item["pipelineExecutionId"]
            if other == run.id or item["status"] in OVER or item["status"] == "Stopping":
                continue
            waiting = self._pipeline.read(other).waiting
            if waiting:
                self._pipeline.stop(
                    other, f"run {run.id} takes over; {waiting.name} was not answered"
                )
                self._progress.say(f"run {other} stopped: it waited for {waiting.name}")


def main() -> int:
    """Run the main job: data, training, approval, endpoint or batch, predictions.

    USE_CASE=housing python deployment-scripts/run.py
    USE_CASE=iris ENDPOINT_TYPE=Batch DATA=my.csv APPROVE=ask python deployment-scripts/run.py

    Takes on the run that a new manifest has started, or starts one. Interrupted, run it again: it goes
    on with the same run. Exit code 1 with the failed action's message when the run fails.
    """
    arguments = cli.parser(main.__doc__)
    arguments.add_argument("--run", default="", help="follow this run instead of choosing one")
    arguments.add_argument(
        "--take-over", action="store_true", help="stop other runs that wait for an approval"
    )
    return cli.run_command(run_main_job, arguments)
