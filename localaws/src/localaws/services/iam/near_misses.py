"""Requests that differ from a recorded one in what a part of a policy excludes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from localaws.services.iam.conditions import Condition
from localaws.services.iam.decision import Request
from localaws.services.iam.document import Statement
from localaws.services.iam.matching import RequestContext, UnknownVariableError, fill
from localaws.services.iam.principals import Principal, root, service

_FOREIGN = "999999999999"


def near_misses(request: Request, statement: Statement) -> Iterator[Request]:
    """Requests like this one that the statement is about, where it denies, or not about, where it allows.

    Args:
        request: a request that the policies allow.
        statement: one that allows the request, or that could deny it.
    """
    if not statement.allows:
        yield from _meeting(request, statement)
        return
    for condition in statement.conditions:
        for context in _contexts(condition, request.context, is_met=False):
            yield replace(request, context=context)
    for resource in _foreign(request.resource):
        yield replace(request, resource=resource)
    if statement.principals is not None:
        for principal in _strangers(request.principal):
            owner = request.principal.account
            yield replace(request, principal=principal, resource_account=owner)


def _meeting(request: Request, statement: Statement) -> Iterator[Request]:
    contexts = [request.context]
    for condition in statement.conditions:
        contexts = [
            changed
            for context in contexts
            for changed in _contexts(condition, context, is_met=True)
        ]
    for context in contexts:
        yield replace(request, context=context)


def _contexts(
    condition: Condition, context: RequestContext, *, is_met: bool
) -> Iterator[RequestContext]:
    """The condition keys of a request, changed so that a condition is met or not."""
    key = condition.key.lower()
    texts = [_example(value, context) for value in condition.values]
    for values in (
        context.get(key),
        None,
        *([text] for text in (*texts, "other", "true", "false", "0")),
    ):
        changed = {name: found for name, found in context.items() if name != key}
        if values is not None:
            changed[key] = values
        if condition.is_met(changed) is is_met:
            yield changed


def _example(pattern: str, context: RequestContext) -> str:
    try:
        filled = fill(pattern, context)
    except UnknownVariableError:
        filled = pattern
    return filled.replace("*", "any").replace("?", "a")


def _foreign(arn: str) -> Iterator[str]:
    """ARNs of other resources of the same type."""
    if not arn.startswith("arn:"):
        return
    *head, name = arn.split(":", 5)
    for changed in (f"foreign-{name}", re.sub(r"^([^:/]*[:/])(.*)$", r"\1foreign-\2", name)):
        if changed != name:
            yield ":".join([*head, changed])
    # A role or a bucket whose name goes on, against a wildcard that ends too early.
    yield re.sub(r"(?<=[:/])[a-z0-9-]+$", "foreign", arn)


def _strangers(principal: Principal) -> Iterator[Principal]:
    """Others than a principal: of another account, and another service."""
    yield root(_FOREIGN)
    yield service("stranger.amazonaws.com", principal.account, principal.source_arn)
