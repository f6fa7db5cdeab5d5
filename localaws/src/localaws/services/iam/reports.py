"""What the ledger and the policies say together: unused permissions, and a policy of what was used."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from localaws.services.iam.document import Document, Statement
from localaws.services.iam.ledger import Entry


def unused(
    documents: Iterable[Document], entries: Sequence[Entry]
) -> Iterator[tuple[str, str, str, str]]:
    """The parts of policies that no allowed request has needed.

    Args:
        documents: the policies of one principal.
        entries: the entries of that principal.

    Yields:
        Policy, statement, action and resource. The action is ``*`` where nothing used any action on the
        resource; the resource is ``*`` where nothing used the action at all.
    """
    used = [entry for entry in entries if entry.allowed]
    for document in documents:
        for number, statement in enumerate(document.statements, 1):
            if not statement.allows or statement.not_actions or statement.not_resources:
                continue
            name = statement.sid or f"statement {number}"
            for action in statement.actions:
                if not _uses(statement, used, action=action):
                    yield document.name, name, action, "*"
            for resource in statement.resources or ():
                if not _uses(statement, used, resource=resource):
                    yield document.name, name, "*", resource


def policy(entries: Iterable[Entry]) -> dict[str, Any]:
    """A policy that allows exactly what the entries have asked for, allowed or not."""
    actions: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        actions[entry.resource].add(entry.action)
    by_actions: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for resource, names in sorted(actions.items()):
        by_actions[tuple(sorted(names))].append(resource)
    statements = [
        {"Effect": "Allow", "Action": list(names), "Resource": resources}
        for names, resources in sorted(by_actions.items())
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def describe(entry: Entry) -> str:
    """A denial as a person reads it, with the statement that is missing."""
    lines = [entry.message, f"  {entry.advice} ({entry.kind}, asked for {entry.count} times)"]
    if entry.source:
        lines.append(f"  {entry.source}")
    if entry.missing is not None:
        lines.append(f"  missing: {json.dumps(entry.missing)}")
    return "\n".join(lines)


def _uses(
    statement: Statement,
    entries: Iterable[Entry],
    *,
    action: str | None = None,
    resource: str | None = None,
) -> bool:
    actions = statement.actions if action is None else (action,)
    resources = statement.resources if resource is None else (resource,)
    part = Statement(
        statement.sid, True, actions, False, resources, False, None, False, (), statement.variables
    )
    return any(
        part.names_action(entry.action) and part.names_resource(entry.resource, {})
        for entry in entries
    )
