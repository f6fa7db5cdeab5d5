"""Which events of a repository start a build: the filter groups of a webhook."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from localaws.services.codebuild.errors import invalid_input, refused
from localaws.services.codebuild.models import Document

_EVENTS: Final = (
    "PUSH", "PULL_REQUEST_CREATED", "PULL_REQUEST_UPDATED", "PULL_REQUEST_REOPENED",
    "PULL_REQUEST_CLOSED", "PULL_REQUEST_MERGED",
)  # fmt: skip
# Without filters a push, and a new, changed or reopened pull request start a build.
_DEFAULT_EVENTS: Final = frozenset(_EVENTS[:4])
_TYPES: Final = frozenset(
    {"EVENT", "BASE_REF", "HEAD_REF", "ACTOR_ACCOUNT_ID", "FILE_PATH", "COMMIT_MESSAGE"}
)


@dataclass(frozen=True)
class WebhookEvent:
    """What has happened in a repository."""

    kind: str
    """One of the values of the filter EVENT."""
    actor: str
    head_ref: str
    base_ref: str | None
    """None for a push."""
    changed_files: tuple[str, ...]
    commit: str
    commit_message: str


def check(groups: list[list[Document]]) -> None:
    """Refuse filter groups that AWS refuses, or that need an event that never happens here.

    Raises:
        AwsError: InvalidInputException.
    """
    for group in groups:
        events = [item for item in group if item["type"] == "EVENT"]
        if len(events) != 1:
            raise invalid_input(
                f"Invalid filter group: it has {len(events)} filters of the type EVENT, but must have one"
            )
        for name in _names(events[0]["pattern"]):
            if name not in _EVENTS:
                raise refused(f"the webhook event {name!r}", f"Use {', '.join(_EVENTS)}.")
        for item in group:
            if item["type"] not in _TYPES:
                raise refused(
                    f"the webhook filter {item['type']}", f"Use one of {', '.join(sorted(_TYPES))}."
                )
            check_pattern(item["pattern"])


def check_pattern(pattern: str) -> None:
    """Refuse what is not a regular expression."""
    try:
        re.compile(pattern)
    except re.error as error:
        raise invalid_input(f"Invalid pattern {pattern!r}: {error}") from error


def matches(event: WebhookEvent, groups: list[list[Document]], branch_filter: str | None) -> bool:
    """Whether an event starts a build: all filters of a group match, of any group."""
    if branch_filter:
        branch = event.head_ref.removeprefix("refs/heads/")
        return event.kind in _DEFAULT_EVENTS and bool(re.search(branch_filter, branch))
    if not groups:
        return event.kind in _DEFAULT_EVENTS
    return any(all(_matches(event, item) for item in group) for group in groups)


def _matches(event: WebhookEvent, item: Document) -> bool:
    kind, pattern = item["type"], item["pattern"]
    if kind == "EVENT":
        return event.kind in _names(pattern)
    if kind == "BASE_REF" and event.base_ref is None:
        # Only a pull request has a base.
        return False
    values = {
        "BASE_REF": (event.base_ref or "",),
        "HEAD_REF": (event.head_ref,),
        "ACTOR_ACCOUNT_ID": (event.actor,),
        "FILE_PATH": event.changed_files,
        "COMMIT_MESSAGE": (event.commit_message,),
    }[kind]
    found = any(re.search(pattern, value) for value in values)
    return found != item.get("excludeMatchedPattern", False)


def _names(pattern: str) -> list[str]:
    return [name.strip() for name in pattern.split(",")]
