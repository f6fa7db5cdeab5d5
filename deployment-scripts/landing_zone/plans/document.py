"""What the JSON of a plan says about each resource.

https://developer.hashicorp.com/terraform/internals/json-format describes the format.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from landing_zone.core.errors import OperatorError

SENSITIVE = "(sensitive)"
UNKNOWN = "(known after apply)"
_LONGEST_VALUE = 80
_MOST_LEAVES = 12
_SHORTEST_SECRET = 4
_ABSENT = object()
Secrets = frozenset[str]
_FORMAT = "1."


class Kind(StrEnum):
    """What happens to a resource."""

    DESTROY = "destroy"
    REPLACE = "replace"
    FORGET = "forget"
    CHANGE = "change"
    ADD = "add"
    IMPORT = "import"
    MOVE = "move"
    READ = "read"
    NOTHING = "no-op"


@dataclass(frozen=True)
class Difference:
    """An attribute whose value changes; the values are texts that may be shown."""

    attribute: str
    before: str
    after: str

    @property
    def name(self) -> str:
        """The attribute itself, of versioning_configuration[0].status for example."""
        return re.split(r"[.\[]", self.attribute, maxsplit=1)[0]

    def __str__(self) -> str:
        return f"{self.attribute}: {self.before} -> {self.after}"


@dataclass(frozen=True)
class Change:
    """A resource in a plan."""

    address: str
    type: str
    mode: str
    kind: Kind
    # Why Terraform replaces or deletes it, in Terraform's word, such as replace_because_cannot_update.
    reason: str
    # The attributes that force a replacement.
    forced_by: tuple[Difference, ...]
    # Every attribute that changes.
    differences: tuple[Difference, ...]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    previous_address: str = ""


def require_plan(plan: Mapping[str, Any]) -> None:
    """Refuse a document that is no plan, and a plan that Terraform could not finish."""
    version = str(plan.get("format_version", ""))
    if not version.startswith(_FORMAT):
        raise OperatorError(
            f"format_version is {version!r}; allowed: {_FORMAT}x. Write the document with "
            "`terraform show -json FILE_OF_THE_PLAN`"
        )
    if plan.get("errored"):
        raise OperatorError(
            "the plan is incomplete because Terraform failed while it planned; allowed: a plan without "
            "errors. Correct what terraform plan reports and plan again"
        )


def changes_in(plan: Mapping[str, Any], part: str = "resource_changes") -> list[Change]:
    """The entries of resource_changes or resource_drift, by address."""
    entries = plan.get(part) or []
    secrets = secrets_in(plan)
    return sorted((_change(entry, secrets) for entry in entries), key=lambda change: change.address)


def _change(entry: Mapping[str, Any], secrets: Secrets) -> Change:
    change = entry["change"]
    secrets = secrets_of(change, secrets)
    before, after = change.get("before") or {}, change.get("after") or {}
    kind = _kind(entry)
    return Change(
        address=entry["address"],
        type=entry["type"],
        mode=entry.get("mode", "managed"),
        kind=kind,
        reason=entry.get("action_reason") or "",
        forced_by=tuple(
            difference_at(change, path, secrets) for path in change.get("replace_paths") or []
        ),
        differences=tuple(differences_in(change, secrets))
        if kind in {Kind.CHANGE, Kind.REPLACE}
        else (),
        before=before,
        after=after,
        previous_address=entry.get("previous_address") or "",
    )


def _kind(entry: Mapping[str, Any]) -> Kind:
    actions = set(entry["change"]["actions"])
    if {"delete", "create"} <= actions or {"forget", "create"} <= actions:
        return Kind.REPLACE
    for action, kind in (
        ("delete", Kind.DESTROY),
        ("forget", Kind.FORGET),
        ("create", Kind.ADD),
        ("update", Kind.CHANGE),
        ("read", Kind.READ),
    ):
        if action in actions:
            return kind
    if entry["change"].get("importing"):
        return Kind.IMPORT
    return Kind.MOVE if entry.get("previous_address") else Kind.NOTHING


def differences_in(change: Mapping[str, Any], secrets: Secrets) -> Iterator[Difference]:
    """Every attribute that changes, at the deepest place where the two values can be compared."""
    before, after = change.get("before") or {}, change.get("after") or {}
    for name in sorted({*before, *after, *_mapping(change.get("after_unknown"))}):
        if _any_true(_at(change.get("after_unknown"), [name])):
            yield difference_at(change, [name], secrets)
        elif before.get(name) != after.get(name):
            yield from differences_at(change, [name], secrets)


def differences_at(
    change: Mapping[str, Any], path: list[str | int], secrets: Secrets
) -> list[Difference]:
    """The keys and items below a path that differ; the whole value where they are too many."""
    whole = difference_at(change, path, secrets)
    if SENSITIVE in {whole.before, whole.after}:
        return [whole]
    pairs = list(_leaves(_at(change.get("before"), path), _at(change.get("after"), path)))
    if len(pairs) > _MOST_LEAVES:
        return [whole]
    return [
        Difference(
            f"{whole.attribute}{_path_text(leaf)}",
            _text_at(before, secrets),
            _text_at(after, secrets),
        )
        for leaf, before, after in pairs
    ]


def _leaves(before: Any, after: Any) -> Iterator[tuple[tuple[str | int, ...], Any, Any]]:
    """Where two values differ; a JSON text is compared by what it holds."""
    old, new = _loaded(before), _loaded(after)
    keys: Iterable[str | int] = ()
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys = sorted({*old, *new})
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        keys = range(len(old))
    else:
        yield (), before, after
        return
    for key in keys:
        one, other = _at_or_absent(old, key), _at_or_absent(new, key)
        if one != other:
            yield from (((key, *path), *pair) for path, *pair in _leaves(one, other))


def _loaded(value: Any) -> Any:
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _at_or_absent(value: Any, key: str | int) -> Any:
    return value.get(key, _ABSENT) if isinstance(value, Mapping) else value[key]


def _text_at(value: Any, secrets: Secrets) -> str:
    return "(absent)" if value is _ABSENT else text_of(value, secrets)


def _path_text(path: Sequence[str | int]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def difference_at(
    change: Mapping[str, Any], path: Sequence[str | int], secrets: Secrets
) -> Difference:
    """The values before and after at a path, as texts; sensitive ones are never shown."""
    name = _path_text(path)
    before = _shown(change, "before", path, secrets)
    after = _shown(change, "after", path, secrets)
    if after != SENSITIVE and _any_true(_at(change.get("after_unknown"), path)):
        after = UNKNOWN
    return Difference(name.lstrip("."), before, after)


def text_of(value: Any, secrets: Secrets) -> str:
    """A value as one short line; one that holds a secret is not shown."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    if any(secret in text for secret in secrets):
        return SENSITIVE
    text = " ".join(text.split())
    if len(text) > _LONGEST_VALUE:
        text = f"{text[:_LONGEST_VALUE]}... ({len(text)} characters)"
    return text or '""'


def _shown(
    change: Mapping[str, Any], side: str, path: Sequence[str | int], secrets: Secrets
) -> str:
    if _sensitive(change, side, path):
        return SENSITIVE
    return text_of(_at(change.get(side), path), secrets)


def secrets_in(plan: Mapping[str, Any]) -> Secrets:
    """The values of the sensitive variables: they are hidden wherever they are."""
    found: set[str] = set()
    declared = ((plan.get("configuration") or {}).get("root_module") or {}).get("variables") or {}
    for name, variable in (plan.get("variables") or {}).items():
        if (declared.get(name) or {}).get("sensitive"):
            found |= _texts(variable.get("value"), True)
    return _forms(found)


def secrets_of(change: Mapping[str, Any], secrets: Secrets) -> Secrets:
    """These, and the sensitive values of the resource, which may copy them into attributes without a mark.

    They are hidden in this resource only: a provider marks some attributes whatever they hold, such as the
    value of an SSM parameter, which may be the name of a bucket.
    """
    found: set[str] = set()
    for side in ("before", "after"):
        found |= _texts(change.get(side), change.get(f"{side}_sensitive"))
    return secrets | _forms(found)


def _forms(texts: set[str]) -> Secrets:
    """The texts as they are and inside of JSON; short ones would hide ordinary text."""
    long = {text for text in texts if len(text) >= _SHORTEST_SECRET}
    return frozenset(long | {json.dumps(text)[1:-1] for text in long})


def _texts(value: Any, marks: Any) -> set[str]:
    """The texts in a value that its marks say are sensitive."""
    if isinstance(value, Mapping):
        return {
            text
            for key, item in value.items()
            for text in _texts(item, marks if marks is True else _at(marks, [key]))
        }
    if isinstance(value, list):
        return {
            text
            for index, item in enumerate(value)
            for text in _texts(item, marks if marks is True else _at(marks, [index]))
        }
    return {value} if marks is True and isinstance(value, str) else set()


def _sensitive(change: Mapping[str, Any], side: str, path: Sequence[str | int]) -> bool:
    """Whether the value, a part of it, or what it is a part of is sensitive before or after."""
    sides = (f"{side}_sensitive", "before_sensitive", "after_sensitive")
    return any(_any_true(_at(change.get(name), path)) for name in sides)


def _at(value: Any, path: Sequence[str | int]) -> Any:
    """The value at a path; True, which marks everything below it, stays True."""
    for step in path:
        if value is True:
            return True
        if isinstance(value, Mapping):
            value = value.get(str(step))
        elif isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def _any_true(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_any_true(item) for item in value.values())
    if isinstance(value, list):
        return any(_any_true(item) for item in value)
    return value is True


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
