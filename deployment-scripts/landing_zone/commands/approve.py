"""Approve what a run waits for, after looking at the evidence.

    python deployment-scripts/approve.py
    python deployment-scripts/approve.py ApproveModel --summary "better than the last one" --yes

Without --summary and --yes, the reason and a confirmation are asked for.
"""

from __future__ import annotations

import argparse
import sys

from landing_zone.commands.common import add_run_option, open_pipeline
from landing_zone.core.cli import confirm
from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import Settings
from landing_zone.runs.approvals import evidence_for, waiting_action


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "approval", nargs="?", default="", help="its name; default: the one that waits"
    )
    add_run_option(parser)
    parser.add_argument("--summary", default="", help="the reason; asked for when left out")
    parser.add_argument("--yes", action="store_true", help="answer without asking")


def run(args: argparse.Namespace, settings: Settings) -> int:
    return answer(args, settings, approved=True)


def answer(args: argparse.Namespace, settings: Settings, *, approved: bool) -> int:
    """Show the evidence, ask for the reason, answer the approval."""
    aws, pipeline = open_pipeline(settings)
    found = pipeline.read(args.run or pipeline.latest())
    action = waiting_action(found, args.approval)
    print(f"run       {found.id}\napproval  {action.stage} / {action.name}")
    print(evidence_for(aws, pipeline, found, action))
    pipeline.answer(action, approved=approved, summary=summary_of(args, approved=approved))
    print(f"{'approved' if approved else 'rejected'}: {action.name}")
    return 0


def summary_of(args: argparse.Namespace, *, approved: bool) -> str:
    """The reason, which AWS requires: from the options, or from the person at the terminal."""
    verb = "approve" if approved else "reject"
    if args.yes:
        return str(args.summary) or f"answered on the command line: {verb}"
    if not sys.stdin.isatty():
        raise OperatorError(
            f"there is no terminal to ask on: pass --yes to {verb}, and --summary with the reason"
        )
    summary = args.summary or input(f"Why do you {verb}? ").strip()
    if not summary:
        raise OperatorError("an answer needs a reason: CodePipeline requires a summary")
    if not confirm(f"{verb}?"):
        raise OperatorError("not answered: the run still waits")
    return str(summary)
