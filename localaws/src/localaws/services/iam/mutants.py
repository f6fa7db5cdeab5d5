"""The parts of a policy, each with the policy that lacks it and the policy that is wider by it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_LISTS = ("Action", "Resource")


@dataclass(frozen=True)
class Mutant:
    """A policy that differs in one part from another one."""

    sid: str
    """The statement, by its Sid or its number."""
    number: int
    """The place of the statement in the policy."""
    part: str
    """For example ``action s3:GetObject`` or ``condition StringEquals aws:SourceAccount``."""
    is_wider: bool
    """Whether the policy allows more than the original; otherwise it allows less."""
    text: str


def mutants_of(text: str) -> Iterator[Mutant]:
    """Every mutant of a policy.

    Less is allowed without an action, a resource, a principal or one of several values of a condition, and
    without a condition of a Deny. More is allowed with ``*`` for a resource or a principal, without a
    condition of an Allow, and without any part of a Deny.
    """
    document = json.loads(text)
    statements = document["Statement"]
    document["Statement"] = statements if isinstance(statements, list) else [statements]
    for number, statement in enumerate(document["Statement"]):
        sid = str(statement.get("Sid") or f"statement {number + 1}")
        for part, is_wider, changed in _changes(statement):
            mutant = copy.deepcopy(document)
            mutant["Statement"][number : number + 1] = [] if changed is None else [changed]
            yield Mutant(sid, number, part, is_wider, json.dumps(mutant))


def _changes(statement: dict[str, Any]) -> Iterator[tuple[str, bool, dict[str, Any] | None]]:
    """Part, whether the change allows more, and the changed statement; None for one that is removed."""
    allows = statement["Effect"] == "Allow"
    for name in _LISTS:
        values = _list(statement.get(name, []))
        for value in values:
            yield f"{name.lower()} {value}", not allows, _without(statement, name, value)
            if name == "Resource" and allows and value != "*":
                yield (
                    f"resource {value} as *",
                    True,
                    {**statement, name: [*_others(values, value), "*"]},
                )
    yield from _principals(statement, allows=allows)
    yield from _conditions(statement, allows=allows)


def _principals(
    statement: dict[str, Any], *, allows: bool
) -> Iterator[tuple[str, bool, dict[str, Any] | None]]:
    element = statement.get("Principal", {})
    if element == "*":
        yield "principal *", not allows, None
        return
    for kind, values in element.items():
        for value in _list(values):
            rest = _others(_list(values), value)
            kept = {key: item for key, item in element.items() if key != kind}
            kept |= {kind: rest} if rest else {}
            changed = {**statement, "Principal": kept} if kept else None
            yield f"principal {value}", not allows, changed
            if allows and value != "*":
                yield f"principal {value} as *", True, {**statement, "Principal": "*"}


def _conditions(
    statement: dict[str, Any], *, allows: bool
) -> Iterator[tuple[str, bool, dict[str, Any] | None]]:
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            changed = copy.deepcopy(statement)
            del changed["Condition"][operator][key]
            yield f"condition {operator} {key}", allows, changed
            several = _list(values)
            for value in several if len(several) > 1 else ():
                changed = copy.deepcopy(statement)
                changed["Condition"][operator][key] = _others(several, value)
                # A negated operator excludes each value, so that one less is more.
                is_wider = allows is ("Not" in operator)
                yield f"condition {operator} {key} {value}", is_wider, changed


def _without(statement: dict[str, Any], name: str, value: str) -> dict[str, Any] | None:
    rest = _others(_list(statement[name]), value)
    return {**statement, name: rest} if rest else None


def _others(values: list[Any], value: Any) -> list[Any]:
    return [item for item in values if item != value]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
