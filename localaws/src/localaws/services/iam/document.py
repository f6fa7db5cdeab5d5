"""A policy document, parsed once.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from localaws.services.iam.conditions import Condition, ConditionError, parse_conditions
from localaws.services.iam.matching import (
    RequestContext,
    UnknownVariableError,
    fill,
    matches_action,
    matches_arn,
)
from localaws.services.iam.principals import Named, Principal, is_excepted, naming

_VERSIONS: Final = ("2008-10-17", "2012-10-17")
_DOCUMENT_KEYS: Final = frozenset({"Version", "Id", "Statement"})
_STATEMENT_KEYS: Final = frozenset(
    {
        "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource",
        "Condition",
    }
)  # fmt: skip
_PRINCIPAL_KINDS: Final = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})


class DocumentError(ValueError):
    """A text that is not a policy; the message says what is wrong."""


@dataclass(frozen=True)
class Statement:
    """One statement of a policy."""

    sid: str
    allows: bool
    actions: tuple[str, ...]
    not_actions: bool
    resources: tuple[str, ...] | None
    """None where the policy belongs to a resource and names none, as a trust policy does."""
    not_resources: bool
    principals: Mapping[str, Sequence[str]] | None
    not_principals: bool
    conditions: tuple[Condition, ...]
    variables: bool
    """Whether ``${...}`` is a variable: in policies of version 2012-10-17."""

    def applies(self, action: str, resource: str, context: RequestContext) -> bool:
        """Whether the statement is about a request, whoever makes it."""
        return (
            self.names_action(action)
            and self.names_resource(resource, context)
            and all(item.is_met(context, variables=self.variables) for item in self.conditions)
        )

    def names_action(self, action: str) -> bool:
        """Whether Action or NotAction includes an action."""
        return any(matches_action(item, action) for item in self.actions) is not self.not_actions

    def names_resource(self, resource: str, context: RequestContext) -> bool:
        """Whether Resource or NotResource includes a resource."""
        if self.resources is None:
            return True
        try:
            return (
                any(self._matches(item, resource, context) for item in self.resources)
                is not self.not_resources
            )
        except UnknownVariableError:
            return False

    def named(self, principal: Principal, *, has_boundary: bool = False) -> Named:
        """How the statement names the caller."""
        if self.principals is None:
            return Named.DIRECT
        if not self.not_principals:
            return naming(self.principals, principal)
        # AWS: a Deny with NotPrincipal always denies a principal that has a permissions boundary.
        if has_boundary and not self.allows:
            return Named.DIRECT
        return Named.NO if is_excepted(self.principals, principal) else Named.DIRECT

    def _matches(self, pattern: str, resource: str, context: RequestContext) -> bool:
        if pattern == "*":
            return True
        if self.variables:
            pattern = fill(pattern, context)
        return matches_arn(pattern, resource)


@dataclass(frozen=True)
class Document:
    """A policy."""

    statements: tuple[Statement, ...]
    name: str = ""
    """Under which name messages refer to the policy."""


@lru_cache(maxsize=2048)
def parse(text: str, name: str = "") -> Document:
    """The policy in a JSON text. The same text is parsed once.

    Raises:
        DocumentError: IAM would not accept the text.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise DocumentError(f"Syntax errors in policy: {error}") from error
    return parse_object(document, name)


def parse_object(document: Any, name: str = "") -> Document:
    """The policy in a parsed JSON object.

    Raises:
        DocumentError: IAM would not accept the object.
    """
    if not isinstance(document, dict) or "Statement" not in document:
        raise DocumentError("Syntax errors in policy: a policy is an object with a Statement")
    unknown = sorted(set(document) - _DOCUMENT_KEYS)
    if unknown:
        raise DocumentError(f"Syntax errors in policy: unknown element {unknown[0]}")
    version = document.get("Version", _VERSIONS[0])
    if version not in _VERSIONS:
        raise DocumentError(
            f"Syntax errors in policy: Version is {version!r}, not one of {_VERSIONS}"
        )
    statements = _list(document["Statement"])
    return Document(tuple(_statement(item, version == _VERSIONS[1]) for item in statements), name)


def _statement(item: Any, variables: bool) -> Statement:
    if not isinstance(item, dict):
        raise DocumentError("Syntax errors in policy: a statement is an object")
    unknown = sorted(set(item) - _STATEMENT_KEYS)
    if unknown:
        raise DocumentError(f"Syntax errors in policy: unknown element {unknown[0]}")
    if item.get("Effect") not in {"Allow", "Deny"}:
        raise DocumentError(
            f"Syntax errors in policy: Effect is {item.get('Effect')!r}, not Allow or Deny"
        )
    actions, not_actions = _one_of(item, "Action", "NotAction")
    if actions is None:
        raise DocumentError("Policy statement must contain actions.")
    resources, not_resources = _one_of(item, "Resource", "NotResource")
    principals, not_principals = _principals(item)
    try:
        conditions = parse_conditions(item.get("Condition", {}))
    except ConditionError as error:
        raise DocumentError(str(error)) from error
    return Statement(
        sid=str(item.get("Sid", "")),
        allows=item["Effect"] == "Allow",
        actions=tuple(actions),
        not_actions=not_actions,
        resources=None if resources is None else tuple(resources),
        not_resources=not_resources,
        principals=principals,
        not_principals=not_principals,
        conditions=conditions,
        variables=variables,
    )


def _one_of(item: Mapping[str, Any], name: str, negated: str) -> tuple[list[str] | None, bool]:
    if name in item and negated in item:
        raise DocumentError(
            f"Syntax errors in policy: a statement has {name} or {negated}, not both"
        )
    for key in (name, negated):
        if key in item:
            values = _list(item[key])
            if not all(isinstance(value, str) for value in values):
                raise DocumentError(f"Syntax errors in policy: {key} must be texts")
            return values, key == negated
    return None, False


def _principals(item: Mapping[str, Any]) -> tuple[Mapping[str, Sequence[str]] | None, bool]:
    for key in ("Principal", "NotPrincipal"):
        if key not in item:
            continue
        element = item[key]
        if element == "*":
            return {"*": ["*"]}, key == "NotPrincipal"
        if not isinstance(element, dict) or not element.keys() <= _PRINCIPAL_KINDS:
            raise DocumentError(
                f"Invalid principal in policy: {key} is {element!r}; its keys are "
                f"{', '.join(sorted(_PRINCIPAL_KINDS))}"
            )
        found = {kind: tuple(map(str, _list(values))) for kind, values in element.items()}
        return found, key == "NotPrincipal"
    return None, False


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
