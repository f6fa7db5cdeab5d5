"""AWS's wire protocols, read from botocore's service models: parse, validate, serialize.

AWS validates a request against the same models before its service sees it, so a request that botocore's
model refuses gets AWS's own error here too.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

import botocore.session
from botocore import xform_name
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.utils import parse_timestamp

from localaws.errors import AwsError

_session = botocore.session.Session()


@lru_cache(maxsize=64)
def service_model(service_name: str) -> ServiceModel:
    """botocore's model of a service."""
    return _session.get_service_model(service_name)


def method_name(operation: str) -> str:
    """``PutApprovalResult`` -> ``put_approval_result``."""
    name: str = xform_name(operation)
    return name


# --- parse -----------------------------------------------------------------------------------------


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
    labels = _path_labels(operation, path)
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


@lru_cache(maxsize=256)
def _uri_pattern(uri: str) -> re.Pattern[str]:
    parts = re.split(r"\{([^}]+)\}", uri.split("?")[0])
    pattern = ""
    for index, part in enumerate(parts):
        if index % 2 == 0:
            pattern += re.escape(part)
        else:
            greedy, name = part.endswith("+"), part.rstrip("+")
            pattern += f"(?P<{name}>{'.+' if greedy else '[^/]+'})"
    return re.compile(f"^{pattern}/?$")


def find_rest_operation(service_name: str, verb: str, path: str) -> OperationModel | None:
    """The REST operation that a verb and path address, or None."""
    model = service_model(service_name)
    for name in model.operation_names:
        operation = model.operation_model(name)
        if operation.http["method"] == verb and _uri_pattern(operation.http["requestUri"]).match(
            path
        ):
            return operation
    return None


def _path_labels(operation: OperationModel, path: str) -> dict[str, str]:
    match = _uri_pattern(operation.http["requestUri"]).match(path)
    assert match, f"{path} does not address {operation.name}"
    return {name: unquote(value) for name, value in match.groupdict().items()}


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


# --- validate --------------------------------------------------------------------------------------


def validate(operation: OperationModel, params: Mapping[str, Any]) -> None:
    """Refuse a request that breaks a constraint of the model, all breaches in one message, as AWS does.

    Raises:
        AwsError: ValidationException.
    """
    if operation.input_shape is None:
        return
    breaches = list(_breaches(operation.input_shape, params, ""))
    if breaches:
        count = len(breaches)
        noun = "error" if count == 1 else "errors"
        raise AwsError(
            "ValidationException", f"{count} validation {noun} detected: {'; '.join(breaches)}"
        )


def _breaches(shape: Shape, value: Any, where: str) -> Iterator[str]:
    limits = shape.metadata
    if isinstance(shape, StructureShape):
        if shape.is_document_type:
            return
        for name in shape.required_members:
            if name not in value:
                yield _breach(None, _join(where, name), "Member must not be null")
        for name, member in value.items():
            yield from _breaches(shape.members[name], member, _join(where, name))
    elif isinstance(shape, ListShape):
        yield from _length_breaches(limits, value, where)
        for index, item in enumerate(value, 1):
            yield from _breaches(shape.member, item, f"{where}.{index}.member")
    elif isinstance(shape, MapShape):
        yield from _length_breaches(limits, value, where)
        for key, item in value.items():
            yield from _breaches(shape.key, key, f"{where}.{key}.key")
            yield from _breaches(shape.value, item, f"{where}.{key}.value")
    elif shape.type_name == "string":
        yield from _length_breaches(limits, value, where)
        if limits.get("enum") and value not in limits["enum"]:
            allowed = ", ".join(limits["enum"])
            yield _breach(value, where, f"Member must satisfy enum value set: [{allowed}]")
        pattern = limits.get("pattern")
        if pattern and not _matches(pattern, value):
            yield _breach(
                value, where, f"Member must satisfy regular expression pattern: {pattern}"
            )
    elif shape.type_name == "blob":
        yield from _length_breaches(limits, value, where)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if "min" in limits and value < limits["min"]:
            yield _breach(
                value, where, f"Member must have value greater than or equal to {limits['min']}"
            )
        if "max" in limits and value > limits["max"]:
            yield _breach(
                value, where, f"Member must have value less than or equal to {limits['max']}"
            )


def _length_breaches(limits: Mapping[str, Any], value: Any, where: str) -> Iterator[str]:
    if "min" in limits and len(value) < limits["min"]:
        yield _breach(
            value, where, f"Member must have length greater than or equal to {limits['min']}"
        )
    if "max" in limits and len(value) > limits["max"]:
        yield _breach(
            value, where, f"Member must have length less than or equal to {limits['max']}"
        )


def _breach(value: Any, where: str, constraint: str) -> str:
    shown = "null" if value is None else f"'{value}'"
    return f"Value {shown} at '{where}' failed to satisfy constraint: {constraint}"


def _join(where: str, name: str) -> str:
    # AWS spells the members in its messages with a small first letter, whatever the model says.
    name = name[:1].lower() + name[1:]
    return f"{where}.{name}" if where else name


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(
            pattern.replace(r"\p{Z}", r"\s").replace(r"\p{L}", "A-Za-z").replace(r"\p{N}", "0-9")
        )
    except re.error:
        # The patterns are Java's; the few that Python cannot read are not checked.
        return None


def _matches(pattern: str, value: str) -> bool:
    compiled = _compiled(pattern)
    return (
        compiled is None or compiled.fullmatch(value) is not None or _is_anchored(compiled, value)
    )


def _is_anchored(compiled: re.Pattern[str], value: str) -> bool:
    # Some patterns are meant to be searched for: they carry their own anchors.
    return compiled.pattern.startswith("^") and compiled.search(value) is not None


# --- serialize -------------------------------------------------------------------------------------


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
