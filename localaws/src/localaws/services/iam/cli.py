"""The command ``localaws iam``: what was denied, what is missing, what is not used."""

from __future__ import annotations

import argparse
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from localaws.services.iam.ledger import Entry
from localaws.services.iam.proof import prove
from localaws.services.iam.prove import read_recordings, read_unproven, report, write_recording
from localaws.services.iam.recording import Recording, normalized
from localaws.services.iam.reports import describe

HELP: Final = (
    "Report which permissions the callers of a server have used. The server has to run with LOCALAWS_IAM"
    " set to audit or enforce."
)
_PROVE_HELP: Final = (
    "Remove each action, resource, principal and condition of the recorded policies, widen each resource and"
    " principal, and decide the recorded requests again. Fails where no answer changes, unless the table of"
    " survivors has a reason. Needs no server."
)


class IamControlError(Exception):
    """The server has refused; the text is its reason."""


def add_iam(
    arguments: argparse.ArgumentParser, add_common: Callable[[argparse.ArgumentParser], None]
) -> None:
    """Add the arguments of ``localaws iam``; ``add_common`` adds those of every command to each action."""
    actions = arguments.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, (_, summary) in _ACTIONS.items():
        text = f"{summary[0].upper()}{summary[1:]}."
        action = actions.add_parser(name, help=summary, description=text)
        if name == "record":
            action.add_argument("file", type=Path, help="is written, or extended where it exists")
            add_common(action)
            continue
        action.add_argument(
            "principal", metavar="ROLE", nargs=None if name == "policy" else "?", default="",
            help="name or ARN of the role, user or service (default: all)",
        )  # fmt: skip
        if name == "ledger":
            action.add_argument("--json", action="store_true", help="print one JSON object")
        add_common(action)
    summary = "prove that every part of the recorded policies is needed"
    action = actions.add_parser("prove", help=summary, description=f"{_PROVE_HELP}")
    action.add_argument(
        "files", type=Path, nargs="+", metavar="FILE", help="of `localaws iam record`"
    )
    action.add_argument(
        "--prefix", action="append", required=True,
        help="of the names of the roles and resources whose policies count; may be repeated",
    )  # fmt: skip
    action.add_argument(
        "--unproven", type=Path, help="a TOML table of survivors with their reasons"
    )
    action.add_argument(
        "--verbose", action="store_true", help="print every part, and what needs it"
    )


def run_iam(args: argparse.Namespace, endpoint_url: Callable[[], str]) -> Iterator[str]:
    """The lines that an action of ``localaws iam`` prints.

    Args:
        args: the parsed arguments.
        endpoint_url: the address of the server, for the actions that ask one.

    Raises:
        IamControlError: the server refused.
    """
    if args.action == "prove":
        return _prove(args)
    return _ACTIONS[args.action][0](args, endpoint_url())


def _prove(args: argparse.Namespace) -> Iterator[str]:
    unproven = read_unproven(args.unproven) if args.unproven else ()
    judgements = list(prove(read_recordings(args.files), args.prefix))
    if args.verbose:
        for item in judgements:
            sample = item.killed_by
            why = "SURVIVES" if sample is None else f"{sample.kind.value} {sample.request.action}"
            yield f"{why:40} {item.atom}"
    yield from report(judgements, unproven)


def _record(args: argparse.Namespace, endpoint_url: str) -> Iterator[str]:
    found = normalized(Recording.read(request(endpoint_url, "recording")))
    if args.file.exists():
        found = found.merged(read_recordings([args.file]))
    write_recording(found, args.file)
    yield f"{args.file}: {len(found.samples)} requests, policies of {len(found.identity)} roles and users"


def _ledger(args: argparse.Namespace, endpoint_url: str) -> Iterator[str]:
    document = request(endpoint_url, "ledger", args.principal)
    if args.json:
        yield json.dumps(document)
        return
    for item in document["entries"]:
        entry = Entry(**item)
        verdict = "allowed" if entry.allowed else "DENIED"
        yield f"{verdict:8} {entry.kind:8} {entry.count:5} {entry.principal} {entry.action} {entry.resource}"
    yield from _unknown(document)
    allowed = sum(item["allowed"] for item in document["entries"])
    denied = len(document["entries"]) - allowed
    yield f"{allowed} allowed, {denied} denied, {len(document['unknown'])} unknown"


def _explain(args: argparse.Namespace, endpoint_url: str) -> Iterator[str]:
    document = request(endpoint_url, "ledger", args.principal)
    denied = [Entry(**item) for item in document["entries"] if not item["allowed"]]
    for entry in denied:
        yield describe(entry)
    yield from _unknown(document)
    if not denied and not document["unknown"]:
        yield "nothing was denied"


def _unused(args: argparse.Namespace, endpoint_url: str) -> Iterator[str]:
    found = request(endpoint_url, "unused", args.principal)["unused"]
    for role, policy, statement, action, resource in found:
        yield f"{role.rpartition('/')[2]} {policy} {statement}: {action} on {resource}"
    if not found:
        yield "every action and every resource of the policies was used"


def _policy(args: argparse.Namespace, endpoint_url: str) -> Iterator[str]:
    yield json.dumps(request(endpoint_url, "policy", args.principal), indent=2)


def _unknown(document: dict[str, Any]) -> Iterator[str]:
    for item in document["unknown"]:
        yield f"unknown  {item['count']:5} {item['principal']} {item['operation']}"


def request(endpoint_url: str, action: str, principal: str = "") -> dict[str, Any]:
    """Ask a server for an action.

    Raises:
        IamControlError: the server refused.
    """
    query = urllib.parse.urlencode({"principal": principal})
    # No proxy of the environment: it would be asked for 127.0.0.1 too.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{endpoint_url}/_iam/{action}?{query}", timeout=60) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        with error:
            raise IamControlError(json.load(error)["message"]) from None


_Action = Callable[[argparse.Namespace, str], Iterator[str]]
_ACTIONS: Final[dict[str, tuple[_Action, str]]] = {
    "explain": (_explain, "print what was denied, and the statement that is missing"),
    "unused": (_unused, "print the actions and resources of the roles' policies that nothing used"),
    "policy": (_policy, "print a policy of what a role has asked for"),
    "ledger": (_ledger, "print every distinct authorization"),
    "record": (_record, "write the requests and the policies to a file, for `localaws iam prove`"),
}
