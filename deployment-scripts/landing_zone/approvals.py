"""approve.py and reject.py: the evidence, the question, the answer."""

from __future__ import annotations

import argparse
import sys

from landing_zone import cli
from landing_zone.aws import Aws
from landing_zone.deployment import load_deployment
from landing_zone.errors import OperatorError
from landing_zone.evidence import read_evidence
from landing_zone.inputs import list_inputs
from landing_zone.pipeline import Pipeline
from landing_zone.runs import Action, Run
from landing_zone.settings import Settings

UPLOAD_DATA = "UploadSourceData"
APPROVE_MODEL = "ApproveModel"
UPLOAD_INFERENCE_DATA = "UploadInferenceDataConfirmation"


def evidence_for(aws: Aws, pipeline: Pipeline, run: Run, action: Action) -> str:
    """What the person who answers this approval should have seen."""
    manifest = pipeline.manifest(run)
    what = f"use case  {manifest['UseCase']}, {manifest['EndpointType']}, code {manifest['CodeVersion']}"
    if action.name == APPROVE_MODEL:
        return f"{what}\n{read_evidence(aws.client('s3'), manifest).text()}"
    if action.name == UPLOAD_DATA:
        return f"{what}\n{list_inputs(aws.client('s3'), manifest['ProcessingInputLocation'])}"
    if action.name == UPLOAD_INFERENCE_DATA:
        if manifest["EndpointType"] != "Batch":
            return f"{what}\nan endpoint needs no inference data: approve to go on"
        return f"{what}\n{list_inputs(aws.client('s3'), manifest['InferenceInputLocation'])}"
    return what


def waiting_action(run: Run, name: str) -> Action:
    """The approval to answer: the named one, or the one that waits."""
    waiting = run.waiting
    if waiting is None:
        raise OperatorError(f"run {run.id} ({run.status}) waits for no approval")
    if name and waiting.name != name:
        raise OperatorError(f"run {run.id} waits for {waiting.name}, not for {name!r}")
    return waiting


def approve() -> int:
    """Approve what a run waits for.

    python deployment-scripts/approve.py
    python deployment-scripts/approve.py ApproveModel --summary "better than the last one" --yes
    """
    return _main(approve.__doc__, approved=True)


def reject() -> int:
    """Reject what a run waits for; that ends the run, and its stage can be retried.

    python deployment-scripts/reject.py ApproveModel --summary "too few rows"
    """
    return _main(reject.__doc__, approved=False)


def _main(doc: str | None, *, approved: bool) -> int:
    arguments = cli.parser(doc)
    arguments.add_argument(
        "approval", nargs="?", default="", help="its name; default: the one that waits"
    )
    arguments.add_argument("--run", default="", help="id of the run; default: the latest")
    arguments.add_argument("--summary", default="", help="why; asked for when left out")
    arguments.add_argument("--yes", action="store_true", help="answer without asking")

    def command(args: argparse.Namespace, settings: Settings) -> int:
        aws = Aws(settings)
        pipeline = Pipeline(aws, load_deployment(aws, settings))
        run = pipeline.read(args.run or pipeline.latest())
        action = waiting_action(run, args.approval)
        print(f"run       {run.id}\napproval  {action.stage} / {action.name}")
        print(evidence_for(aws, pipeline, run, action))
        summary = _summary(args, approved=approved)
        pipeline.answer(action, approved=approved, summary=summary)
        print(f"{'approved' if approved else 'rejected'}: {action.name}")
        return 0

    return cli.run_command(command, arguments)


def _summary(args: argparse.Namespace, *, approved: bool) -> str:
    """The reason, which AWS requires; a person who cannot be asked must give it."""
    verb = "approve" if approved else "reject"
    if args.yes:
        return str(args.summary) or f"answered on the command line: {verb}"
    if not sys.stdin.isatty():
        raise OperatorError(
            f"nobody is at the terminal to ask: pass --yes to {verb}, and --summary to say why"
        )
    summary = args.summary or input(f"Why do you {verb}? ").strip()
    if not summary:
        raise OperatorError("an answer needs a reason: CodePipeline requires a summary")
    if input(f"{verb}? [y/N] ").strip().lower() not in {"y", "yes"}:
        raise OperatorError("not answered: the run goes on waiting")
    return str(summary)
