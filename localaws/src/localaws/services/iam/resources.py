"""The resources of an operation by the general rule: the members that have the names of an ARN's parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from localaws.services.iam.catalog import Service, Template
from localaws.services.iam.operations import Operation

_SUFFIXES: Final = ("WithPath", "WithoutLeadingSlash")
# What a request may leave out.
_DEFAULTS: Final = {"GroupName": "default", "EventBusName": "default"}


def resources_of(operation: Operation, service: Service, action: str) -> list[str] | None:
    """The ARNs that an operation is about.

    Returns:
        ``["*"]`` for an action without resources, and None where the request names none of those that a
        policy has to name.
    """
    known = service.actions[action]
    found = [arn for kind in known.required for arn in _arns(operation, service.templates, kind)]
    if found:
        return found
    for kind in known.optional:
        found = _arns(operation, service.templates, kind)
        if found:
            return found
    return None if known.required else ["*"]


def _arns(operation: Operation, templates: Any, kind: str) -> list[str]:
    for template in templates.get(kind, ()):
        given = [
            text
            for value in operation.params.values()
            for text in _texts(value)
            if text.startswith("arn:") and template.pattern.fullmatch(text)
        ]
        if given:
            return given
    for template in templates.get(kind, ()):
        filled = _filled(operation, template)
        if filled:
            return filled
    return []


def _filled(operation: Operation, template: Template) -> list[str]:
    values = {"Partition": "aws", "Region": operation.region, "Account": operation.account}
    *parents, last = template.variables or ("",)
    if not last:
        return [template.fill(values)]
    for name in parents:
        # Only the last part has the general name "Name": that of the resource itself.
        found = next(_members(operation, name, exactly=True), None) or _DEFAULTS.get(name)
        if not found:
            return []
        values[name] = found
    return [template.fill({**values, last: text.lstrip("/")}) for text in _members(operation, last)]


def _members(operation: Operation, variable: str, *, exactly: bool = False) -> Iterator[str]:
    """The values of the member that has the name of a variable, or a name close to it."""
    by_name = {name.lower(): value for name, value in operation.params.items()}
    for suffix in _SUFFIXES:
        variable = variable.removesuffix(suffix)
    names = [variable, f"{variable}s"]
    if variable.endswith("Name") and not exactly:
        names += ["Name", "Names", variable.removesuffix("Name")]
    for name in names:
        found = [text for text in _texts(by_name.get(name.lower())) if not text.startswith("arn:")]
        if found:
            yield from found
            return


def _texts(value: Any) -> Sequence[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [item for item in value if isinstance(item, str)]
    return []
