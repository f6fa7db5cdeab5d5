"""The constraints of a service model: required members, lengths, ranges, enums and patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from localaws.core.errors import AwsError


def validate(operation: OperationModel, params: Mapping[str, Any]) -> None:
    """Check an input against the constraints of its model. As on AWS, one message lists all violations.

    Raises:
        AwsError: ValidationException; ValidationError in a service that has the protocol query.
    """
    if operation.input_shape is None:
        return
    violations = list(_violations(operation.input_shape, params, ""))
    if violations:
        count = len(violations)
        noun = "error" if count == 1 else "errors"
        has_query = "query" in operation.service_model.metadata.get("protocols", ())
        raise AwsError(
            "ValidationError" if has_query else "ValidationException",
            f"{count} validation {noun} detected: {'; '.join(violations)}",
            shape="ValidationException",
        )


def _violations(shape: Shape, value: Any, where: str) -> Iterator[str]:
    limits = shape.metadata
    if isinstance(shape, StructureShape):
        if shape.is_document_type:
            return
        for name in shape.required_members:
            if name not in value:
                yield _violation(None, _join(where, name), "Member must not be null")
        for name, member in value.items():
            yield from _violations(shape.members[name], member, _join(where, name))
    elif isinstance(shape, ListShape):
        yield from _length_violations(limits, value, where)
        for index, item in enumerate(value, 1):
            yield from _violations(shape.member, item, f"{where}.{index}.member")
    elif isinstance(shape, MapShape):
        yield from _length_violations(limits, value, where)
        for key, item in value.items():
            yield from _violations(shape.key, key, f"{where}.{key}.key")
            yield from _violations(shape.value, item, f"{where}.{key}.value")
    elif shape.type_name == "string":
        yield from _length_violations(limits, value, where)
        if limits.get("enum") and value not in limits["enum"]:
            allowed = ", ".join(limits["enum"])
            yield _violation(value, where, f"Member must satisfy enum value set: [{allowed}]")
        pattern = limits.get("pattern")
        if pattern and not _matches(pattern, value):
            yield _violation(
                value, where, f"Member must satisfy regular expression pattern: {pattern}"
            )
    elif shape.type_name == "blob":
        yield from _length_violations(limits, value, where)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if "min" in limits and value < limits["min"]:
            yield _violation(
                value, where, f"Member must have value greater than or equal to {limits['min']}"
            )
        if "max" in limits and value > limits["max"]:
            yield _violation(
                value, where, f"Member must have value less than or equal to {limits['max']}"
            )


def _length_violations(limits: Mapping[str, Any], value: Any, where: str) -> Iterator[str]:
    if "min" in limits and len(value) < limits["min"]:
        yield _violation(
            value, where, f"Member must have length greater than or equal to {limits['min']}"
        )
    if "max" in limits and len(value) > limits["max"]:
        yield _violation(
            value, where, f"Member must have length less than or equal to {limits['max']}"
        )


def _violation(value: Any, where: str, constraint: str) -> str:
    shown = "null" if value is None else f"'{value}'"
    return f"Value {shown} at '{where}' failed to satisfy constraint: {constraint}"


def _join(where: str, name: str) -> str:
    # In AWS's messages the name of a member begins with a small letter, whatever the model says.
    name = name[:1].lower() + name[1:]
    return f"{where}.{name}" if where else name


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(
            pattern.replace(r"\p{Z}", r"\s").replace(r"\p{L}", "A-Za-z").replace(r"\p{N}", "0-9")
        )
    except re.error:
        # The patterns are Java's. The few that Python does not understand are not checked.
        return None


def _matches(pattern: str, value: str) -> bool:
    compiled = _compiled(pattern)
    return (
        compiled is None or compiled.fullmatch(value) is not None or _is_anchored(compiled, value)
    )


def _is_anchored(compiled: re.Pattern[str], value: str) -> bool:
    # A pattern with an anchor of its own is searched for.
    return compiled.pattern.startswith("^") and compiled.search(value) is not None
