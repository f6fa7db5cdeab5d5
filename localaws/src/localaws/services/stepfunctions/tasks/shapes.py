"""Converts between the names of Step Functions, in PascalCase, and those in the model of an API."""

from __future__ import annotations

import json
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from localaws.services.stepfunctions.semantics import sdk_name


def to_api(shape: Shape | None, value: Any) -> Any:
    """The parameters of a Task with the names of the API."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        names = {name.lower(): name for name in shape.members}
        converted = {}
        for key, entry in value.items():
            name = str(names.get(key.lower(), key))
            converted[name] = to_api(shape.members.get(name), entry)
        return converted
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [to_api(shape.member, entry) for entry in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: to_api(shape.value, entry) for key, entry in value.items()}
    if isinstance(shape, StringShape) and isinstance(value, dict | list):
        # A string that holds a document, such as the body of a message.
        return json.dumps(value)
    if shape is not None and shape.type_name == "blob" and not isinstance(value, bytes):
        return json.dumps(value, separators=(",", ":")).encode()
    return value


def from_api(shape: Shape | None, value: Any) -> Any:
    """The answer of an API with the names of Step Functions."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return {
            sdk_name(key) if key in shape.members else key: from_api(shape.members.get(key), entry)
            for key, entry in value.items()
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [from_api(shape.member, entry) for entry in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: from_api(shape.value, entry) for key, entry in value.items()}
    return value
