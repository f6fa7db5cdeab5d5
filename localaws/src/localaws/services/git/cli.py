"""The commands ``localaws connect`` and ``localaws pr``: what people do in consoles and on web pages."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from localaws.services.git.client import GitControlError, connect, request

_REMOTE = re.compile(r"[/:]([\w.-]+/[\w.-]+?)(?:\.git)?/?$", re.ASCII)
_NAME = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_DEFAULT_REGION: Final = "us-east-1"
_MERGE_OPTIONS: Final = {
    "fast-forward": "FAST_FORWARD_MERGE",
    "squash": "SQUASH_MERGE",
    "three-way": "THREE_WAY_MERGE",
}

CONNECT_HELP: Final = (
    "Complete the handshake of a connection, as a person does in the console of AWS, and give it access to"
    " a repository. The connection becomes AVAILABLE. OWNER/REPO is made, empty, if there is none; the path"
    " of a repository on this machine makes one with the branches and tags of that repository."
)
PR_HELP: Final = "Open, change, merge, close and list pull requests of a repository of localaws."


def add_connect(arguments: argparse.ArgumentParser) -> None:
    """Add the arguments of ``localaws connect``."""
    arguments.add_argument("connection", metavar="NAME", help="name or ARN of the connection")
    arguments.add_argument(
        "repository", metavar="OWNER/REPO|PATH",
        help="the repository, or the path of a repository on this machine",
    )  # fmt: skip
    arguments.add_argument(
        "--as", dest="name", metavar="OWNER/REPO",
        help="name of the repository that is made from PATH (default: that of its remote origin, or"
        " local/ and the name of the directory)",
    )  # fmt: skip
    _add_region(arguments)


def add_pr(
    arguments: argparse.ArgumentParser, add_common: Callable[[argparse.ArgumentParser], None]
) -> None:
    """Add the arguments of ``localaws pr``; ``add_common`` adds those of every command to each action."""
    actions = arguments.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, (_, summary) in _PR_ACTIONS.items():
        action = actions.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}."
        )
        action.add_argument(
            "repository", metavar="REPOSITORY",
            help="OWNER/REPO, or the name of a repository of CodeCommit",
        )  # fmt: skip
        _add_region(action)
        add_common(action)
        if name == "open":
            action.add_argument("--head", required=True, metavar="BRANCH", help="the source branch")
            action.add_argument(
                "--base", metavar="BRANCH",
                help="the destination branch (default: the default branch of the repository)",
            )  # fmt: skip
        elif name != "list":
            action.add_argument("number", type=int, metavar="NUMBER", help="the pull request")
        if name in {"open", "update"}:
            action.add_argument(
                "--title",
                help="what it is about" + (" (default: --head)" if name == "open" else ""),
            )
            action.add_argument("--description", help="the same at length")
        if name == "merge":
            action.add_argument(
                "--option",
                choices=_MERGE_OPTIONS,
                default="three-way",
                help="how (default: %(default)s)",
            )


def run_connect(args: argparse.Namespace, endpoint_url: str) -> list[str]:
    """``localaws connect``. Returns the lines to print."""
    name, source = _repository(args.repository, args.name)
    answer = connect(endpoint_url, args.connection, name, region=args.region, source=source)
    lines = [
        f"{answer['connectionArn']} is {answer['status']}",
        f"{name} is at {answer['cloneUrl']}",
    ]
    if source:
        lines.append(f"Push to it: git -C {source} remote add localaws {answer['cloneUrl']}")
    return lines


def run_pr(args: argparse.Namespace, endpoint_url: str) -> list[str]:
    """``localaws pr``. Returns the lines to print."""
    params = {"repository": args.repository, "region": args.region}
    answer = request(
        endpoint_url,
        f"pull-requests/{args.action}",
        **params,
        **_PR_ACTIONS[args.action][0](args),
    )
    lines = [
        f"{record['number']:>4} {record['state']:7} {record['headBranch']} -> {record['baseBranch']}"
        f"  {record['head'][:12]}  {record['title']}"
        for record in answer["pullRequests"]
    ]
    return lines or [f"{args.repository} has no pull requests"]


_PR_ACTIONS: Final[dict[str, tuple[Callable[[argparse.Namespace], dict[str, Any]], str]]] = {
    "open": (
        lambda args: {
            "head": args.head, "base": args.base, "title": args.title or args.head,
            "description": args.description,
        },
        "open a pull request",
    ),
    "update": (
        lambda args: {
            "number": args.number, "title": args.title, "description": args.description,
        },
        "change the title or description of a pull request, and announce it as updated",
    ),
    "merge": (
        lambda args: {"number": args.number, "option": _MERGE_OPTIONS[args.option]},
        "merge a pull request and close it",
    ),
    "close": (lambda args: {"number": args.number}, "close a pull request without a merge"),
    "list": (lambda _: {}, "list the pull requests, open and closed"),
}  # fmt: skip


def _repository(text: str, name: str | None) -> tuple[str, Path | None]:
    """The name of the repository, and the folder from which it is made."""
    path = Path(text)
    # A folder of this name wins: ./OWNER/REPO cannot be told from the name of a repository otherwise.
    if not path.is_dir():
        if name or not _NAME.fullmatch(text):
            raise GitControlError(
                f"{text!r} is neither a directory with a repository nor the name of one, OWNER/REPO"
            )
        return text, None
    if name is None:
        printed = subprocess.run(
            ["git", "-C", str(path), "remote", "get-url", "origin"],
            capture_output=True, text=True, check=False,
        ).stdout.strip()  # fmt: skip
        found = _REMOTE.search(printed)
        name = found[1] if found else f"local/{path.resolve().name}"
    return name, path


def _add_region(arguments: argparse.ArgumentParser) -> None:
    arguments.add_argument(
        "--region", default=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        or _DEFAULT_REGION,
        help="region of the connection or repository (default: AWS_REGION, AWS_DEFAULT_REGION, or"
        f" {_DEFAULT_REGION})",
    )  # fmt: skip
