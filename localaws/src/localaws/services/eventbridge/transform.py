"""The input of a target: the event, a part of it, a constant, or a template filled from the event."""

from __future__ import annotations

import json
import re
from typing import Any

_PLACEHOLDER = re.compile(r'(?P<quoted>")?<(?P<name>[A-Za-z0-9_.-]+)>(?(quoted)")')
_STEP = re.compile(r"\.(?P<name>[^.\[\]]+)|\[(?P<index>\d+)\]|\['(?P<key>[^']+)'\]")
_MISSING = object()


class BadTransformError(ValueError):
    """The input settings of a target do not fit the event; the message says why."""


def target_input(target: dict[str, Any], event: dict[str, Any], rule_arn: str) -> str:
    """The text that a target receives: JSON, or plain text from an input template.

    Raises:
        BadTransformError: a path is not a JSONPath of EventBridge, or a filled template is not JSON.
    """
    if target.get("Input") is not None:
        return str(target["Input"])
    if target.get("InputPath"):
        found = lookup(target["InputPath"], event)
        return json.dumps(None if found is _MISSING else found)
    transformer = target.get("InputTransformer")
    if transformer:
        paths = transformer.get("InputPathsMap") or {}
        return fill(transformer["InputTemplate"], paths, event, rule_arn)
    return json.dumps(event)


def lookup(path: str, event: Any) -> Any:
    """The value at a JSONPath of EventBridge: ``$.detail.bucket.name``, ``$.resources[0]``."""
    if not path.startswith("$"):
        raise BadTransformError(f"{path!r} is not a JSONPath: it must start with $")
    position = 1
    value = event
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            raise BadTransformError(
                f"{path!r} is not a JSONPath of EventBridge: cannot read {path[position:]!r}"
            )
        position = step.end()
        key = step["name"] or step["key"]
        if key is not None:
            value = value.get(key, _MISSING) if isinstance(value, dict) else _MISSING
        else:
            index = int(step["index"])
            inside = isinstance(value, list) and index < len(value)
            value = value[index] if inside else _MISSING
        if value is _MISSING:
            return _MISSING
    return value


def fill(template: str, paths: dict[str, str], event: dict[str, Any], rule_arn: str) -> str:
    """Fill the placeholders of an input template.

    A placeholder outside quotes becomes JSON, one inside quotes becomes text. A template that begins with
    neither ``{`` nor ``[`` is text of one or more lines, which EventBridge passes on unchanged.
    """
    reserved = {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.split("/")[-1],
        "aws.events.event.ingestion-time": event.get("time"),
        "aws.events.event": {k: v for k, v in event.items() if k != "detail"},
        "aws.events.event.json": event,
    }
    values = {name: lookup(path, event) for name, path in paths.items()} | reserved

    def replace(found: re.Match[str]) -> str:
        if found["name"] not in values:
            return found[0]
        value = values[found["name"]]
        if value is _MISSING:
            return '""' if found["quoted"] else "null"
        # A string is quoted once, whether the template quotes its placeholder or not.
        return (
            json.dumps(value) if isinstance(value, str) or not found["quoted"] else _inside(value)
        )

    inside_text = _fill_text(template, values)
    filled = _PLACEHOLDER.sub(replace, inside_text)
    if not template.lstrip().startswith(("{", "[")):
        return _as_text(template, values)
    try:
        json.loads(filled)
    except ValueError as error:
        raise BadTransformError(
            f"the filled input template is not JSON ({error}): {filled}"
        ) from error
    return filled


def _inside(value: Any) -> str:
    return json.dumps(value if isinstance(value, str) else json.dumps(value))


def _fill_text(template: str, values: dict[str, Any]) -> str:
    """Fill placeholders inside longer strings: ``"run <id> failed"``."""

    def in_string(found: re.Match[str]) -> str:
        text = found[0]
        if _PLACEHOLDER.fullmatch(text):
            return text
        return re.sub(r"<([A-Za-z0-9_.-]+)>", lambda p: _plain(p, values), text)

    return re.sub(r'"(?:[^"\\]|\\.)*"', in_string, template)


def _plain(found: re.Match[str], values: dict[str, Any]) -> str:
    if found[1] not in values:
        return found[0]
    value = values[found[1]]
    if value is _MISSING:
        return ""
    text = value if isinstance(value, str) else json.dumps(value)
    return json.dumps(text)[1:-1]


def _as_text(template: str, values: dict[str, Any]) -> str:
    # Each line of a text template is in quotes: "Line one <a>"\n"Line two".
    lines = []
    for line in template.splitlines():
        plain = line.strip()
        plain = plain[1:-1] if len(plain) > 1 and plain[0] == plain[-1] == '"' else plain
        lines.append(
            re.sub(
                r"<([A-Za-z0-9_.-]+)>",
                lambda p: json.loads(f'"{_plain(p, values)}"'),
                plain,
            )
        )
    return "\n".join(lines)
