"""The input of an operation as Python values: timestamps aware, blobs as bytes."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.utils import parse_timestamp

from localaws.core.errors import AwsError
from localaws.core.wire.models import path_labels


def parse_json(operation: OperationModel, body: bytes) -> dict[str, Any]:
    """The input of a JSON protocol operation, with timestamps and blobs as Python values.

    Raises:
        AwsError: SerializationException, when the body is not JSON or a value has the wrong type.
    """
    try:
        document = json.loads(body) if body.strip() else {}
    except ValueError as error:
        raise AwsError(
            "SerializationException", f"The request body is not JSON: {error}"
        ) from error
    if not isinstance(document, dict):
        raise AwsError(
            "SerializationException", "Start of structure or map found where not expected."
        )
    if operation.input_shape is None:
        return {}
    parsed: dict[str, Any] = _parse(operation.input_shape, document, "")
    return parsed


def parse_rest_json(
    operation: OperationModel,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
) -> dict[str, Any]:
    """The input of a REST-JSON operation: members come from the path, query, headers and body."""
    shape = operation.input_shape
    if not isinstance(shape, StructureShape):
        return {}
    labels = path_labels(operation, path)
    params: dict[str, Any] = {}
    in_body: dict[str, Shape] = {}
    for name, member in shape.members.items():
        place = member.serialization.get("location")
        wire_name = member.serialization.get("name", name)
        if place == "uri":
            params[name] = labels[wire_name]
        elif place == "querystring" and wire_name in query:
            params[name] = _parse_text(member, query[wire_name], name)
        elif place == "header" and wire_name.lower() in headers:
            params[name] = _parse_text(member, headers[wire_name.lower()], name)
        elif place is None:
            in_body[name] = member
    payload = shape.serialization.get("payload")
    if payload:
        member = shape.members[payload]
        if member.type_name == "blob":
            params[payload] = body
        else:
            params[payload] = _parse(member, json.loads(body or b"{}"), payload)
    elif in_body and body:
        document = json.loads(body)
        params |= {
            n: _parse(m, document[n], n) for n, m in in_body.items() if document.get(n) is not None
        }
    return params


def _parse_text(shape: Shape, text: str, where: str) -> Any:
    if shape.type_name in {"integer", "long"}:
        return int(text)
    if shape.type_name in {"float", "double"}:
        return float(text)
    if shape.type_name == "boolean":
        return text.lower() == "true"
    return _parse(shape, text, where)


def _wrong_type(where: str, expected: str, value: Any) -> AwsError:
    found = "null" if value is None else type(value).__name__
    return AwsError(
        "SerializationException", f"{where or 'body'}: expected {expected}, found {found}"
    )


def _parse(shape: Shape, value: Any, where: str) -> Any:
    kind = shape.type_name
    if isinstance(shape, StructureShape):
        if shape.is_document_type:
            return value
        if not isinstance(value, dict):
            raise _wrong_type(where, "a structure", value)
        # AWS ignores members its model does not have: an older service meets a newer client.
        return {
            name: _parse(member, value[name], f"{where}.{name}" if where else name)
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if isinstance(shape, ListShape):
        if not isinstance(value, list):
            raise _wrong_type(where, "a list", value)
        return [_parse(shape.member, v, f"{where}.{i}") for i, v in enumerate(value, 1)]
    if isinstance(shape, MapShape):
        if not isinstance(value, dict):
            raise _wrong_type(where, "a map", value)
        return {k: _parse(shape.value, v, f"{where}.{k}") for k, v in value.items()}
    if kind == "string":
        if not isinstance(value, str):
            raise _wrong_type(where, "a string", value)
        return value
    if kind in {"integer", "long"}:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
            raise _wrong_type(where, "an integer", value)
        return int(value)
    if kind in {"float", "double"}:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _wrong_type(where, "a number", value)
        return float(value)
    if kind == "boolean":
        if not isinstance(value, bool):
            raise _wrong_type(where, "a boolean", value)
        return value
    if kind == "timestamp":
        try:
            return parse_timestamp(value).astimezone(UTC)
        except (ValueError, TypeError) as error:
            raise _wrong_type(where, "a timestamp", value) from error
    if kind == "blob":
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, TypeError, ValueError) as error:
            raise _wrong_type(where, "base64", value) from error
    raise AssertionError(f"botocore has a shape type {kind!r} that localaws does not know")
