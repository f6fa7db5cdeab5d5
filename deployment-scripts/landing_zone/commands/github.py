"""What the workflows of GitHub do besides deploying. For .github/workflows/.

    python deployment-scripts/github.py comment --number 12 --file build/ci/plan/summary.md
    python deployment-scripts/github.py issue --file build/ci/drift/drift.md \
        --report build/ci/drift/drift.json --label drift
    python deployment-scripts/github.py command
    python deployment-scripts/github.py label --number 12 --label evaluation-started
    python deployment-scripts/github.py changes
    python deployment-scripts/github.py reviewed-plan --commit SHA --branch main

comment writes the comment of a pull request, or updates the one with the same first line. issue opens or
updates the issue of a report, or closes it when the report's exit_code is 0. command reads a command from the
comment that started the workflow and prints what may run: command, number, commit. label puts one of the
labels of an evaluation on a pull request. changes prints whether the push that started the workflow changes
what Terraform deploys. reviewed-plan prints the commit whose plan was reviewed. All need
the variables that GitHub sets in a workflow, and GITHUB_TOKEN.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import Settings
from landing_zone.github.api import Api, GitHub
from landing_zone.github.changes import needs_apply
from landing_zone.github.chatops import RefusedError, read_command
from landing_zone.github.reviewed import reviewed_commit
from landing_zone.github.sticky import close_issue, cut, put_comment, put_issue, set_label

LABELS = ("evaluation-started", "evaluation-complete", "evaluation-failed", "deployed")
REFUSED = "<!-- landing-zone: refused command -->"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("step", choices=sorted(STEPS), help="what to do")
    parser.add_argument("--number", type=int, help="pull request (comment, label)")
    parser.add_argument("--file", type=Path, help="Markdown with the marker in its first line")
    parser.add_argument("--report", type=Path, help="JSON with the exit_code of the report (issue)")
    parser.add_argument("--label", help="label of the issue, or of the pull request")
    parser.add_argument("--commit", default="", help="commit that was pushed (reviewed-plan)")
    parser.add_argument("--branch", default="", help="branch that it was pushed to (reviewed-plan)")


def run(args: argparse.Namespace, _: Settings) -> int:
    return STEPS[args.step](args, GitHub.from_environment(os.environ))


def comment(args: argparse.Namespace, api: Api) -> int:
    number, body = _required(args, "number"), cut(_read(_required(args, "file")), _link())
    _append("GITHUB_STEP_SUMMARY", body)
    print(put_comment(api, number, body))
    return 0


def issue(args: argparse.Namespace, api: Api) -> int:
    body = cut(_read(_required(args, "file")), _link())
    label, needed = _required(args, "label"), _exit_code(_required(args, "report")) != 0
    _append("GITHUB_STEP_SUMMARY", body)
    title = next((line.strip("# ") for line in body.split("\n") if line.startswith("#")), label)
    print(put_issue(api, title, label, body) if needed else close_issue(api, label, body))
    return 0


def command(_: argparse.Namespace, api: Api) -> int:
    event = json.loads(_read(Path(os.environ.get("GITHUB_EVENT_PATH", ""))))
    try:
        found = read_command(event, api)
    except RefusedError as refusal:
        put_comment(api, int(event["issue"]["number"]), f"{REFUSED}\n{cut(str(refusal), _link())}")
        raise
    if found is None:
        print("no command of a person who may give one: nothing to do")
        _append("GITHUB_OUTPUT", "command=\n")
        return 0
    lines = f"command={found.name}\nnumber={found.number}\ncommit={found.commit}\n"
    print(lines, end="")
    _append("GITHUB_OUTPUT", lines)
    return 0


def changes(_: argparse.Namespace, api: Api) -> int:
    event = json.loads(_read(Path(os.environ.get("GITHUB_EVENT_PATH", ""))))
    found = str(needs_apply(api, str(event["before"]), str(event["after"]))).lower()
    print(f"apply={found}")
    _append("GITHUB_OUTPUT", f"apply={found}\n")
    return 0


def label(args: argparse.Namespace, api: Api) -> int:
    chosen = _required(args, "label")
    if chosen not in LABELS:
        raise OperatorError(f"--label is {chosen!r}; allowed: {', '.join(LABELS)}")
    set_label(api, _required(args, "number"), chosen, LABELS)
    return 0


def reviewed_plan(args: argparse.Namespace, api: Api) -> int:
    found = reviewed_commit(api, args.commit, args.branch)
    print(f"the reviewed plan is that of {found}")
    _append("GITHUB_OUTPUT", f"commit={found}\n")
    return 0


STEPS: dict[str, Callable[[argparse.Namespace, Api], int]] = {
    "changes": changes,
    "command": command,
    "comment": comment,
    "issue": issue,
    "label": label,
    "reviewed-plan": reviewed_plan,
}


def _exit_code(report: Path) -> int:
    """0 when the report found nothing. A report without it counts as wrong, not as empty."""
    try:
        return int(json.loads(_read(report))["exit_code"])
    except (ValueError, KeyError, TypeError) as error:
        raise OperatorError(
            f"{report} has no exit_code: {error!r}. Run ci.py drift again"
        ) from error


def _required(args: argparse.Namespace, name: str) -> Any:
    value = getattr(args, name)
    if value is None:
        raise OperatorError(f"{args.step} needs --{name}; --help has examples")
    return value


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error}") from error


def _append(variable: str, text: str) -> None:
    """Write to a file that GitHub reads after the step; nothing outside of GitHub."""
    path = os.environ.get(variable)
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)


def _link() -> str:
    """The workflow run, as a link."""
    values = (
        os.environ.get(name, "")
        for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    )
    server, repository, run_id = values
    return f"[Workflow run {run_id}]({server}/{repository}/actions/runs/{run_id})"
