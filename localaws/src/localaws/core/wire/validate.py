"""The constraints of the models: required, length, range, enum, pattern."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from localaws.core.errors import AwsError


def validate(operation: OperationModel, params: Mapping[str, Any]) -> None:
    """Refuse a request that breaks a constraint of the model, all breaches in one message, as AWS does.

    Raises:
        AwsError: ValidationException.
    """
    if operation.input_shape is None:
        return
    breaches = list(_breaches(operation.input_shape, params, ""))
    if breaches:
        count = len(breaches)
        noun = "error" if count == 1 else "errors"
        raise AwsError(
            "ValidationException", f"{count} validation {noun} detected: {'; '.join(breaches)}"
        )


def _breaches(shape: Shape, value: Any, where: str) -> Iterator[str]:
    limits = shape.metadata
    if isinstance(shape, StructureShape):
        if shape.is_document_type:
            return
        for name in shape.required_members:
            if name not in value:
                yield _breach(None, _join(where, name), "Member must not be null")
        for name, member in value.items():
            yield from _breaches(shape.members[name], member, _join(where, name))
    elif isinstance(shape, ListShape):
        yield from _length_breaches(limits, value, where)
        for index, item in enumerate(value, 1):
            yield from _breaches(shape.member, item, f"{where}.{index}.member")
    elif isinstance(shape, MapShape):
        yield from _length_breaches(limits, value, where)
        for key, item in value.items():
            yield from _breaches(shape.key, key, f"{where}.{key}.key")
            yield from _breaches(shape.value, item, f"{where}.{key}.value")
    elif shape.type_name == "string":
        yield from _length_breaches(limits, value, where)
        if limits.get("enum") and value not in limits["enum"]:
            allowed = ", ".join(limits["enum"])
            yield _breach(value, where, f"Member must satisfy enum value set: [{allowed}]")
        pattern = limits.get("pattern")
        if pattern and not _matches(pattern, value):
            yield _breach(
                value, where, f"Member must satisfy regular expression pattern: {pattern}"
            )
    elif shape.type_name == "blob":
        yield from _length_breaches(limits, value, where)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if "min" in limits and value < limits["min"]:
            yield _breach(
                value, where, f"Member must have value greater than or equal to {limits['min']}"
            )
        if "max" in limits and value > limits["max"]:
            yield _breach(
                value, where, f"Member must have value less than or equal to {limits['max']}"
            )


def _length_breaches(limits: Mapping[str, Any], value: Any, where: str) -> Iterator[str]:
    if "min" in limits and len(value) < limits["min"]:
        yield _breach(
            value, where, f"Member must have length greater than or equal to {limits['min']}"
        )
    if "max" in limits and len(value) > limits["max"]:
        yield _breach(
            value, where, f"Member must have length less than or equal to {limits['max']}"
        )


def _breach(value: Any, where: str, constraint: str) -> str:
    shown = "null" if value is None else f"'{value}'"
    return f"Value {shown} at '{where}' failed to satisfy constraint: {constraint}"


def _join(where: str, name: str) -> str:
    # AWS spells the members in its messages with a small first letter, whatever the model says.
    name = name[:1].lower() + name[1:]
    return f"{where}.{name}" if where else name


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(
            pattern.replace(r"\p{Z}", r"\s").replace(r"\p{L}", "A-Za-z").replace(r"\p{N}", "0-9")
        )
    except re.error:
        # The patterns are Java's; the few that Python cannot read are not checked.
        return None


def _matches(pattern: str, value: str) -> bool:
    compiled = _compiled(pattern)
    return (
        compiled is None or compiled.fullmatch(value) is not None or _is_anchored(compiled, value)
    )


def _is_anchored(compiled: re.Pattern[str], value: str) -> bool:
    # Some patterns are meant to be searched for: they carry their own anchors.
    return compiled.pattern.startswith("^") and compiled.search(value) is not None
