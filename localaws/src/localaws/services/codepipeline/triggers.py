"""Which events of a Git repository start a pipeline (user guide: pipelines-filter).

A push matches one of up to three filters, a pull request likewise. Within a filter all criteria must match:
branches (of a pull request: the branch it goes to) and file paths, or tags alone. An exclude takes priority
over an include. A push matches the file paths when one of its changed files is included and not excluded.
Without a trigger, a connection with DetectChanges starts the pipeline for each push to its BranchName.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from localaws.services.codepipeline import globs
from localaws.services.git.events import PullRequest, Push

PULL_REQUEST_EVENTS: Final = {
    "opened": "OPEN",
    "updated": "UPDATED",
    "closed": "CLOSED",
    "merged": "CLOSED",
}


@dataclass(frozen=True)
class Criteria:
    """Patterns of names that match, and of names that do not. Without includes, every name matches."""

    includes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()

    def match(self, name: str) -> bool:
        """Whether a name is included and not excluded."""
        if any(globs.matches(pattern, name) for pattern in self.excludes):
            return False
        return not self.includes or any(globs.matches(p, name) for p in self.includes)


@dataclass(frozen=True)
class Filter:
    """One filter of a trigger. A criterion that is None is not looked at."""

    branches: Criteria | None = None
    tags: Criteria | None = None
    file_paths: Criteria | None = None
    events: tuple[str, ...] = ()

    def match_files(self, changed: Iterable[str]) -> bool:
        """Whether one of the changed files matches."""
        return self.file_paths is None or any(self.file_paths.match(path) for path in changed)


@dataclass(frozen=True)
class GitTrigger:
    """The filters for one source action. Without any filter, a push to any branch matches."""

    source_action: str
    push: tuple[Filter, ...]
    pull_request: tuple[Filter, ...]


@dataclass(frozen=True)
class SourceChange:
    """What a source action is to fetch because of an event."""

    commit_id: str
    branch: str
    """A branch; for a tag, its name."""


def push_change(trigger: GitTrigger | None, branch: str, event: Push) -> SourceChange | None:
    """The change that a push makes for a source action, or None when it starts nothing.

    Args:
        trigger: the trigger on the action, if there is one.
        branch: BranchName of the action, which counts when there is no trigger.
        event: the push.
    """
    name = event.branch or event.tag
    if not event.commit or not name:
        return None
    if trigger is None:
        found = event.branch == branch
    elif trigger.push:
        found = any(_push_matches(candidate, event) for candidate in trigger.push)
    else:
        found = not trigger.pull_request and event.branch is not None
    return SourceChange(event.commit, name) if found else None


def pull_request_change(trigger: GitTrigger | None, event: PullRequest) -> SourceChange | None:
    """The change that a pull request makes for a source action, or None when it starts nothing.

    Args:
        trigger: the trigger on the action, if there is one.
        event: the change.
    """
    if trigger is None:
        return None
    kind = PULL_REQUEST_EVENTS[event.action]
    for candidate in trigger.pull_request:
        if candidate.events and kind not in candidate.events:
            continue
        if candidate.branches is not None and not candidate.branches.match(event.base_branch):
            continue
        if candidate.match_files(event.changed_files):
            return SourceChange(event.head, event.head_branch)
    return None


def parse(document: dict[str, Any]) -> dict[str, GitTrigger]:
    """The triggers of a definition, by the name of their source action."""
    found = {}
    for trigger in document.get("triggers", []):
        configuration = trigger["gitConfiguration"]
        name = configuration["sourceActionName"]
        found[name] = GitTrigger(
            source_action=name,
            push=tuple(_filter(given) for given in configuration.get("push", [])),
            pull_request=tuple(_filter(given) for given in configuration.get("pullRequest", [])),
        )
    return found


def _filter(given: dict[str, Any]) -> Filter:
    return Filter(
        branches=_criteria(given.get("branches")),
        tags=_criteria(given.get("tags")),
        file_paths=_criteria(given.get("filePaths")),
        events=tuple(given.get("events", ())),
    )


def _criteria(given: dict[str, list[str]] | None) -> Criteria | None:
    if given is None:
        return None
    return Criteria(tuple(given.get("includes", ())), tuple(given.get("excludes", ())))


def _push_matches(candidate: Filter, event: Push) -> bool:
    if event.tag is not None:
        return candidate.tags is not None and candidate.tags.match(event.tag)
    if event.branch is None:
        return False
    if candidate.branches is None and candidate.tags is not None:
        return False  # a filter for tags
    in_branch = candidate.branches is None or candidate.branches.match(event.branch)
    return in_branch and candidate.match_files(event.changed_files)
