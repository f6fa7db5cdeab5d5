"""Variables: ``#{namespace.key}`` in action configurations (user guide: reference-variables)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

REFERENCE: Final = re.compile(r"#\{([A-Za-z0-9@\-_]+)\.([A-Za-z0-9@\-_]+)\}")

EXECUTION_NAMESPACE: Final = "codepipeline"
PIPELINE_NAMESPACE: Final = "variables"
RESERVED_NAMESPACES: Final = frozenset({EXECUTION_NAMESPACE, PIPELINE_NAMESPACE})

_JSON_KEYS: Final = frozenset({"EnvironmentVariables"})
MAX_RESOLVED_BYTES: Final = 100 * 1024
MAX_OUTPUT_BYTES: Final = 122_880


class UnresolvedVariableError(Exception):
    """A reference has no value, or the values are too large; the action cannot start."""


def references(configuration: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Every reference in a configuration: its key, the namespace, the variable."""
    for key, value in configuration.items():
        for match in REFERENCE.finditer(value):
            yield key, match.group(1), match.group(2)


def resolve(
    configuration: Mapping[str, str], namespaces: Mapping[str, Mapping[str, str]]
) -> dict[str, str]:
    """Replace every reference by its value. References in a value are not resolved.

    In a configuration key that holds a JSON document, a value is escaped as part of a JSON string, so that
    for example a commit message with quotation marks leaves the document intact.

    Raises:
        UnresolvedVariableError: a variable has no value; or the result is over 100 KB.
    """

    def value_of(match: re.Match[str]) -> str:
        namespace, name = match.groups()
        values = namespaces.get(namespace)
        if values is None:
            known = ", ".join(sorted(namespaces))
            raise UnresolvedVariableError(
                f"Variable {match.group()} cannot be resolved: no action that ran before has the namespace"
                f" {namespace!r}. Namespaces with values: {known}."
            )
        if name not in values:
            known = ", ".join(sorted(values)) or "none"
            raise UnresolvedVariableError(
                f"Variable {match.group()} cannot be resolved: namespace {namespace!r} has no variable"
                f" {name!r}. Its variables: {known}."
            )
        return values[name]

    def escaped_value_of(match: re.Match[str]) -> str:
        return json.dumps(value_of(match))[1:-1]

    resolved = {
        key: REFERENCE.sub(escaped_value_of if key in _JSON_KEYS else value_of, value)
        for key, value in configuration.items()
    }
    size = byte_size(resolved)
    if size > MAX_RESOLVED_BYTES:
        raise UnresolvedVariableError(
            f"The action configuration is {size} bytes after its variables were resolved;"
            f" the limit is {MAX_RESOLVED_BYTES} bytes."
        )
    return resolved


def byte_size(values: Mapping[str, str]) -> int:
    """The size that the limits of AWS refer to: names and values in UTF-8."""
    return sum(len(name.encode()) + len(value.encode()) for name, value in values.items())
