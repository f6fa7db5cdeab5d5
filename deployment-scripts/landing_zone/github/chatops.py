"""The commands in comments of pull requests: who may give one, and to which commit it applies.

The code of a pull request is trained and deployed with the permissions of the repository, so every rule
refuses where it is in doubt. A person without write access gets no answer at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from landing_zone.core.errors import OperatorError
from landing_zone.github.api import Api, NotFoundError

_COMMAND = re.compile(
    r"/(?P<name>evaluate|deploy-candidate)(?:[ \t]+(?P<commit>[0-9a-f]{40}))?[ \t]*(?:\r?\n.*)?",
    re.DOTALL,
)
_ASSOCIATIONS = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
_PERMISSIONS = frozenset({"admin", "maintain", "write"})


@dataclass(frozen=True)
class Command:
    """A command that may run, and the one commit that it applies to."""

    name: str
    number: int
    commit: str


class RefusedError(OperatorError):
    """A person who may give commands gave one that cannot run; the message is the answer."""


def read_command(event: Mapping[str, Any], api: Api) -> Command | None:
    """The command of an `issue_comment` event; None where nothing is to be done or said.

    Raises:
        RefusedError: with what to do instead.
    """
    comment, issue = event.get("comment") or {}, event.get("issue") or {}
    if event.get("action") != "created" or "pull_request" not in issue:
        return None
    found = _COMMAND.fullmatch(str(comment.get("body") or ""))
    if found is None or not _may_command(comment, api):
        return None
    number = int(issue["number"])
    pull = api.get(f"pulls/{number}")
    _check_pull(pull, number)
    head = str(pull["head"]["sha"])
    if found["commit"]:
        if found["commit"] != head:
            raise RefusedError(
                f"/{found['name']} names commit {found['commit']}, but the head of pull request "
                f"{number} is {head}. Look at what has changed, then give the command for that commit."
            )
    else:
        _check_not_pushed_since(pull, api.get(f"commits/{head}"), str(comment["created_at"]), found)
    return Command(found["name"], number, head)


def _may_command(comment: Mapping[str, Any], api: Api) -> bool:
    """By both, what the event says of the author and what GitHub says now."""
    user = comment.get("user") or {}
    if user.get("type") != "User" or comment.get("author_association") not in _ASSOCIATIONS:
        return False
    login = str(user.get("login"))
    if not re.fullmatch(r"[A-Za-z0-9_-]+", login):
        return False
    try:
        answer = api.get(f"collaborators/{login}/permission")
    except NotFoundError:
        return False
    # role_name tells maintain and triage from write and read; custom roles have their base in permission.
    role = answer.get("role_name"), answer.get("permission")
    return bool(_PERMISSIONS.intersection(role)) and role[1] in _PERMISSIONS


def _check_pull(pull: Mapping[str, Any], number: int) -> None:
    if pull["state"] != "open":
        raise RefusedError(f"pull request {number} is {pull['state']}, but must be open.")
    source = pull["head"].get("repo") or {}
    if source.get("full_name") != pull["base"]["repo"]["full_name"]:
        raise RefusedError(
            f"pull request {number} comes from a fork ({source.get('full_name') or 'deleted'}). Its "
            "code is not run with the permissions of this repository: push the branch to this "
            "repository after a review."
        )


def _check_not_pushed_since(
    pull: Mapping[str, Any], commit: Mapping[str, Any], commented: str, found: re.Match[str]
) -> None:
    """Refuse a commit that may have come after the command.

    The date of a commit is what its author says; the time of the last push is what GitHub says, and is that
    of any branch. A push between may be another's, but then naming the commit removes the doubt.
    """
    head = pull["head"]["sha"]
    dates = {
        "was committed": str(commit["commit"]["committer"]["date"]),
        "may have been pushed": str(pull["head"]["repo"]["pushed_at"]),
    }
    for what, date in dates.items():
        # All are ISO 8601 in UTC with a Z, so they sort as texts.
        if not re.fullmatch(r"\d{4}(-\d\d){2}T\d\d(:\d\d){2}Z", date) or date > commented:
            raise RefusedError(
                f"commit {head} {what} at {date}, after the command of {commented}. Look at the "
                f"commit, then give the command for it: /{found['name']} {head}"
            )
