"""The response of an operation, checked against its model: a service cannot answer what AWS could not."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from localaws.core.call import Response
from localaws.core.wire import cbor
from localaws.core.wire.models import is_rest, wire_name
from localaws.core.wire.protocol import Protocol
from localaws.core.wire.query import write_xml


def serialize_response(
    operation: OperationModel,
    result: Mapping[str, Any],
    protocol: Protocol = Protocol.JSON,
    request_id: str = "",
) -> Response:
    """The result of an operation as a response in the protocol of its request.

    Raises:
        TypeError: the model does not allow the result, which is a fault of the service.
    """
    if is_rest(operation):
        return _rest_response(operation, result)
    document = serialize(operation.output_shape, result)
    if protocol is Protocol.QUERY:
        body = write_xml(operation, document, request_id)
        return Response(200, {"Content-Type": "text/xml"}, body)
    if protocol is Protocol.CBOR:
        headers = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
        return Response(200, headers, cbor.encode(_for_cbor(operation.output_shape, document)))
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    return Response(200, headers, json.dumps(document).encode())


def serialize(shape: Shape | None, value: Any, where: str = "response") -> Any:
    """A Python value as the JSON value of a shape.

    Raises:
        TypeError: the shape does not allow the value.
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
            wire_name(name, shape.members[name]): serialize(
                shape.members[name], member, f"{where}.{name}"
            )
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
        if shape.serialization.get("timestampFormat") == "iso8601":
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
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


def _for_cbor(shape: Shape | None, value: Any) -> Any:
    """A serialized value with the types that CBOR has and JSON lacks: timestamps, bytes, floats."""
    if isinstance(shape, StructureShape):
        return {name: _for_cbor(shape.members[name], item) for name, item in value.items()}
    if isinstance(shape, ListShape):
        return [_for_cbor(shape.member, item) for item in value]
    if isinstance(shape, MapShape):
        return {key: _for_cbor(shape.value, item) for key, item in value.items()}
    kind = shape.type_name if shape is not None else ""
    if kind == "timestamp":
        return datetime.fromtimestamp(value, UTC)
    if kind == "blob":
        return base64.b64decode(value)
    if kind in {"float", "double"}:
        return float(value)
    return value


def _expect(condition: bool, where: str, expected: str, value: Any) -> None:
    if not condition:
        raise TypeError(f"{where} is {value!r}, expected {expected}")


def _rest_response(operation: OperationModel, result: Mapping[str, Any]) -> Response:
    shape = operation.output_shape
    status = int(operation.http.get("responseCode", 200))
    if not isinstance(shape, StructureShape):
        return Response(status, {})
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
            is_blob = member.type_name == "blob"
            body = value if is_blob else json.dumps(serialize(member, value)).encode()
        else:
            document[wire_name(name, member)] = serialize(member, value, name)
    if payload is None:
        body = json.dumps(document).encode()
        headers.setdefault("Content-Type", "application/json")
    return Response(status, headers, body)
