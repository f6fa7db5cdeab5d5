"""JSON Schema validation that reports every problem at once, in words that a person can act on.

fastjsonschema is pure Python, small and quick, but stops at the first problem. So the document is
walked here: each property and item is checked by a validator of its own, and what belongs to no
single one of them (if/then, propertyNames, uniqueItems ...) by the validator of the whole.
"""

from __future__ import annotations

import difflib
import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any

import fastjsonschema

Schema = Mapping[str, Any]
_MAX_SHOWN = 80


def problems_of(schema: Schema, document: Any) -> list[str]:
    """Everything wrong with the document; empty when it is valid."""
    return list(_walk(schema, document, "", schema))


def _walk(schema: Schema, value: Any, path: str, root: Schema) -> Iterator[str]:
    schema = _resolve(schema, root)
    found = list(_walk_members(schema, value, path, root))
    if found:
        yield from found
        return
    error = _check(schema, value, root)
    if error is not None:
        yield _describe(error, schema, value, path)


def _walk_members(schema: Schema, value: Any, path: str, root: Schema) -> Iterator[str]:
    if isinstance(value, dict) and "properties" in schema:
        properties = schema["properties"]
        dot = f"{path}." if path else ""
        for key in schema.get("required", ()):
            if key not in value:
                note = _resolve(properties.get(key, {}), root).get("description", "")
                yield f"{dot}{key}: missing{f' ({_first_sentence(note)})' if note else ''}"
        for key, member in value.items():
            if key in properties:
                yield from _walk(properties[key], member, f"{dot}{key}", root)
            elif schema.get("additionalProperties", True) is False:
                yield f"{dot}{key}: not a known key{_suggest(key, properties)}"
    elif isinstance(value, list) and isinstance(schema.get("items"), dict):
        for index, item in enumerate(value):
            # A list of named things (columns) is read by name, not by position.
            name = item.get("name") if isinstance(item, dict) else None
            label = f"{path}[{index}]" if not isinstance(name, str) else f"{path}[{index} {name!r}]"
            yield from _walk(schema["items"], item, label, root)


def _resolve(schema: Schema, root: Schema) -> Schema:
    while "$ref" in schema:
        target: Any = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target
    return schema


def _check(
    schema: Schema, value: Any, root: Schema
) -> fastjsonschema.JsonSchemaValueException | None:
    whole = {
        **{key: root[key] for key in ("$schema", "definitions", "$defs") if key in root},
        **schema,
    }
    try:
        _compiled(json.dumps(whole, sort_keys=True))(value)
    except fastjsonschema.JsonSchemaValueException as error:
        return error
    return None


@functools.lru_cache(maxsize=512)
def _compiled(schema: str) -> Any:
    # Defaults are for the reader of the schema: validating must not change the document.
    return fastjsonschema.compile(json.loads(schema), use_default=False)


def _describe(
    error: fastjsonschema.JsonSchemaValueException, schema: Schema, value: Any, path: str
) -> str:
    name = path or "the document"
    if schema.get("type") == "object" and isinstance(value, dict):
        # Of the whole object: fastjsonschema names the place and the rule.
        return f"{name}: {str(error.message).replace('data', name, 1)}"
    return f"{name}: found {shown(value)}; allowed: {allowed(schema) or error.message}"


def allowed(schema: Schema) -> str:
    """What a plain value may be, in words."""
    if "const" in schema:
        return shown(schema["const"])
    if "enum" in schema:
        return ", ".join(shown(choice) for choice in schema["enum"])
    kinds = schema.get("type", ())
    words = [_WORDS.get(kind, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    text = " or ".join(words)
    for keyword, phrase in _LIMITS.items():
        if keyword in schema:
            text += f", {phrase} {shown(schema[keyword])}"
    if examples := schema.get("examples"):
        text += f" (for example {' or '.join(shown(example) for example in examples)})"
    return text


_WORDS = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_LIMITS = {
    "pattern": "matching",
    "minLength": "length at least",
    "maxLength": "length at most",
    "minItems": "items at least",
    "maxItems": "items at most",
    "minimum": "at least",
    "maximum": "at most",
}


def shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


def _suggest(key: str, known: Mapping[str, Any]) -> str:
    by_fold = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(str(key).casefold(), by_fold, n=1, cutoff=0.7)
    if close:
        return f"; did you mean {by_fold[close[0]]}?"
    return f"; known: {', '.join(known)}"


def _first_sentence(text: str) -> str:
    return text.split(". ")[0].rstrip(".")
