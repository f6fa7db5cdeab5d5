"""The input of an operation as Python values: a timestamp is an aware datetime, a blob is bytes."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import zlib
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.utils import parse_timestamp

from localaws.core.call import Call
from localaws.core.errors import AwsError
from localaws.core.wire import cbor
from localaws.core.wire.models import is_rest, path_labels, wire_name
from localaws.core.wire.protocol import Protocol, form_of, protocol_of
from localaws.core.wire.query import read_form

# JSON has no such numbers; AWS's protocols send them as text.
_NOT_FINITE = ("NaN", "Infinity", "-Infinity")


def parse(operation: OperationModel, call: Call) -> dict[str, Any]:
    """The input of an operation, in the protocol of the request.

    Raises:
        AwsError: SerializationException, when the body is malformed or a value has the wrong type.
    """
    shape = operation.input_shape
    if not isinstance(shape, StructureShape):
        return {}
    if is_rest(operation):
        return _parse_rest(operation, shape, call)
    protocol = protocol_of(call)
    if protocol is Protocol.QUERY:
        document: Any = read_form(shape, form_of(call))
    elif protocol is Protocol.CBOR:
        document = _cbor_document(_body(call))
    else:
        document = _document(_body(call))
    if not isinstance(document, dict):
        raise AwsError(
            "SerializationException", "Start of structure or map found where not expected."
        )
    parsed: dict[str, Any] = _parse(shape, document, "")
    return parsed


def _parse_rest(operation: OperationModel, shape: StructureShape, call: Call) -> dict[str, Any]:
    """Members come from the path, the query, the headers and the body."""
    labels = path_labels(operation, call.path)
    params: dict[str, Any] = {}
    in_body: dict[str, Shape] = {}
    for name, member in shape.members.items():
        location = member.serialization.get("location")
        key = wire_name(name, member)
        if location == "uri":
            params[name] = labels[key]
        elif location == "querystring" and isinstance(member, ListShape):
            items = [text for given, text in parse_qsl(call.query_string) if given == key]
            if items:
                params[name] = [_parse_text(member.member, item, name) for item in items]
        elif location == "querystring" and key in call.query:
            params[name] = _parse_text(member, call.query[key], name)
        elif location == "header" and key.lower() in call.headers:
            params[name] = _parse_text(member, call.headers[key.lower()], name)
        elif location is None:
            in_body[name] = member
    body = call.body.content()
    payload = shape.serialization.get("payload")
    if payload:
        member = shape.members[payload]
        is_blob = member.type_name == "blob"
        params[payload] = body if is_blob else _parse(member, _document(body), payload)
    elif in_body:
        document = _document(body)
        params |= {
            name: _parse(member, document[wire_name(name, member)], name)
            for name, member in in_body.items()
            if document.get(wire_name(name, member)) is not None
        }
    return params


def _body(call: Call) -> bytes:
    """The body, unpacked: SDKs compress large requests of some operations, such as PutMetricData."""
    body = call.body.content()
    if call.headers.get("content-encoding", "").lower() != "gzip":
        return body
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error) as error:
        raise AwsError("SerializationException", f"The body is not gzip: {error}") from error


def _cbor_document(body: bytes) -> Any:
    try:
        return cbor.decode(body) if body else {}
    except cbor.CborError as error:
        raise AwsError(
            "SerializationException", f"The request body is not CBOR: {error}"
        ) from error


def _document(body: bytes) -> Any:
    try:
        return json.loads(body) if body.strip() else {}
    except ValueError as error:
        raise AwsError(
            "SerializationException", f"The request body is not JSON: {error}"
        ) from error


def _parse_text(shape: Shape, text: str, where: str) -> Any:
    """A value from the path, the query or a header, where everything is text."""
    try:
        if shape.type_name in {"integer", "long"}:
            return int(text)
        if shape.type_name in {"float", "double"}:
            return float(text)
    except ValueError:
        raise _wrong_type(where, "a number", text) from None
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
            name: _parse(
                member, value[wire_name(name, member)], f"{where}.{name}" if where else name
            )
            for name, member in shape.members.items()
            if value.get(wire_name(name, member)) is not None
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
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _wrong_type(where, "an integer", value)
        if isinstance(value, float) and not value.is_integer():
            raise _wrong_type(where, "an integer", value)
        return int(value)
    if kind in {"float", "double"}:
        if value in _NOT_FINITE:
            return float(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _wrong_type(where, "a number", value)
        return float(value)
    if kind == "boolean":
        if not isinstance(value, bool):
            raise _wrong_type(where, "a boolean", value)
        return value
    if kind == "timestamp":
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        try:
            return parse_timestamp(value).astimezone(UTC)
        except (ValueError, TypeError) as error:
            raise _wrong_type(where, "a timestamp", value) from error
    if kind == "blob":
        if isinstance(value, bytes):
            return value
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, TypeError, ValueError) as error:
            raise _wrong_type(where, "base64", value) from error
    raise AssertionError(f"botocore has a shape type {kind!r} that localaws does not know")
