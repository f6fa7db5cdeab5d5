"""The configuration key EnvironmentVariables of CodeBuild actions."""

from __future__ import annotations

import json


def parse_environment_variables(text: str) -> list[dict[str, str]]:
    """The variables in a JSON array, each with its type.

    Raises:
        ValueError: the text is not such an array; the message says why.
    """
    allowed = ("PLAINTEXT", "PARAMETER_STORE", "SECRETS_MANAGER")
    try:
        given = json.loads(text)
    except ValueError as error:
        raise ValueError(f"EnvironmentVariables is not JSON: {error}") from error
    if not isinstance(given, list):
        raise ValueError("EnvironmentVariables must be a JSON array of objects")
    found = []
    for entry in given:
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise ValueError(f"EnvironmentVariables: {entry!r} is not an object with a name")
        if not isinstance(entry.get("value"), str):
            raise ValueError(f"EnvironmentVariables: {entry['name']} has no value, a string")
        kind = entry.get("type", "PLAINTEXT")
        if kind not in allowed:
            raise ValueError(
                f"EnvironmentVariables: {entry['name']} is of type {kind!r}, allowed are"
                f" {', '.join(allowed)}"
            )
        found.append({"name": entry["name"], "value": entry["value"], "type": kind})
    return found
