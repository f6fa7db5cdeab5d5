"""The output of an operation as AWS writes it, refused when its model does not allow it."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape


def serialize(shape: Shape | None, value: Any, where: str = "response") -> Any:
    """A Python value as JSON of an output shape. Refuses what the shape does not have.

    Raises:
        TypeError: the service returned something its model does not allow: a fault of localaws.
    """
    if shape is None:
        return {}
    if isinstance(shape, StructureShape):
        if shape.is_document_type:
            return value
        _expect(isinstance(value, dict), where, "dict", value)
        unknown = set(value) - set(shape.members)
        if unknown:
            raise TypeError(f"{where} has members that {shape.name} does not: {sorted(unknown)}")
        missing = [n for n in shape.required_members if value.get(n) is None]
        if missing:
            raise TypeError(f"{where} lacks required members of {shape.name}: {missing}")
        return {
            name: serialize(shape.members[name], member, f"{where}.{name}")
            for name, member in value.items()
            if member is not None
        }
    if isinstance(shape, ListShape):
        _expect(isinstance(value, list | tuple), where, "list", value)
        return [serialize(shape.member, v, f"{where}[{i}]") for i, v in enumerate(value)]
    if isinstance(shape, MapShape):
        _expect(isinstance(value, dict), where, "dict", value)
        return {k: serialize(shape.value, v, f"{where}.{k}") for k, v in value.items()}
    kind = shape.type_name
    if kind == "timestamp":
        _expect(
            isinstance(value, datetime) and value.tzinfo is not None, where, "aware datetime", value
        )
        return round(value.timestamp(), 3)
    if kind == "blob":
        _expect(isinstance(value, bytes | bytearray), where, "bytes", value)
        return base64.b64encode(value).decode()
    if kind == "boolean":
        _expect(isinstance(value, bool), where, "bool", value)
    elif kind == "string":
        _expect(isinstance(value, str), where, "str", value)
        allowed = shape.metadata.get("enum")
        _expect(not allowed or value in allowed, where, f"one of {allowed}", value)
    elif kind in {"integer", "long"}:
        _expect(isinstance(value, int) and not isinstance(value, bool), where, "int", value)
    elif kind in {"float", "double"}:
        _expect(isinstance(value, int | float) and math.isfinite(value), where, "number", value)
    return value


def _expect(condition: bool, where: str, expected: str, value: Any) -> None:
    if not condition:
        raise TypeError(f"{where} is {value!r}, expected {expected}")


def serialize_rest(
    operation: OperationModel, result: Mapping[str, Any]
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a REST-JSON answer."""
    shape = operation.output_shape
    status = int(operation.http.get("responseCode", 200))
    if not isinstance(shape, StructureShape):
        return status, {}, b""
    unknown = set(result) - set(shape.members)
    if unknown:
        raise TypeError(f"response has members that {shape.name} does not: {sorted(unknown)}")
    payload = shape.serialization.get("payload")
    headers: dict[str, str] = {}
    document: dict[str, Any] = {}
    body = b""
    for name, value in result.items():
        if value is None:
            continue
        member = shape.members[name]
        if member.serialization.get("location") == "header":
            headers[member.serialization.get("name", name)] = str(value)
        elif name == payload:
            body = (
                value
                if member.type_name == "blob"
                else json.dumps(serialize(member, value)).encode()
            )
        else:
            document[name] = serialize(member, value, name)
    if payload is None:
        body = json.dumps(document).encode()
        headers.setdefault("Content-Type", "application/json")
    return status, headers, body
