"""The protocol "query": a form as the request, XML as the response.

https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from localaws.core.errors import AwsError


def read_form(shape: StructureShape, form: Mapping[str, str]) -> dict[str, Any]:
    """The members of a form as a document: text, lists and dictionaries.

    A value keeps the type of JSON that its shape asks for, so that the same checks follow as for JSON.
    """
    names = set(form)
    found = _structure(shape, form, names, "")
    return found if isinstance(found, dict) else {}


def write_xml(operation: OperationModel, document: Any, request_id: str) -> bytes:
    """The response of an operation whose output has been serialized to ``document``."""
    name = operation.name
    namespace = operation.service_model.metadata.get("xmlNamespace", "")
    shape = operation.output_shape
    result = ""
    if isinstance(shape, StructureShape):
        members = "".join(_members(shape, document))
        wrapper = shape.serialization.get("resultWrapper", f"{name}Result")
        result = f"<{wrapper}>{members}</{wrapper}>"
    return (
        f'<{name}Response xmlns="{namespace}">{result}'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{name}Response>"
    ).encode()


def _structure(
    shape: StructureShape, form: Mapping[str, str], names: set[str], prefix: str
) -> dict[str, Any]:
    found = {}
    for name, member in shape.members.items():
        wire_name = member.serialization.get("name", name)
        value = _value(member, form, names, f"{prefix}{wire_name}")
        if value is not None:
            found[name] = value
    return found


def _value(shape: Shape, form: Mapping[str, str], names: set[str], name: str) -> Any:
    if isinstance(shape, StructureShape):
        return _structure(shape, form, names, f"{name}.") if _below(names, name) else None
    if isinstance(shape, ListShape):
        return _list(shape, form, names, name)
    if isinstance(shape, MapShape):
        return _map(shape, form, names, name)
    text = form.get(name)
    return None if text is None else _scalar(shape, text, name)


def _list(shape: ListShape, form: Mapping[str, str], names: set[str], name: str) -> Any:
    flat = shape.serialization.get("flattened")
    item = name if flat else f"{name}.{shape.member.serialization.get('name', 'member')}"
    if not _below(names, item):
        # An empty list is sent as the bare name.
        return [] if form.get(name) == "" else None
    return [_value(shape.member, form, names, f"{item}.{index}") for index in _indices(names, item)]


def _map(shape: MapShape, form: Mapping[str, str], names: set[str], name: str) -> Any:
    entry = name if shape.serialization.get("flattened") else f"{name}.entry"
    if not _below(names, entry):
        return None
    key = shape.key.serialization.get("name", "key")
    value = shape.value.serialization.get("name", "value")
    return {
        form[f"{entry}.{index}.{key}"]: _value(shape.value, form, names, f"{entry}.{index}.{value}")
        for index in _indices(names, entry)
    }


def _below(names: set[str], name: str) -> bool:
    return any(other.startswith(f"{name}.") for other in names)


def _indices(names: set[str], prefix: str) -> list[int]:
    start = f"{prefix}."
    steps = {n[len(start) :].split(".")[0] for n in names if n.startswith(start)}
    return sorted(int(step) for step in steps if step.isdigit())


def _scalar(shape: Shape, text: str, name: str) -> Any:
    kind = shape.type_name
    try:
        if kind in {"integer", "long"}:
            return int(text)
        if kind in {"float", "double"}:
            return float(text)
    except ValueError:
        raise AwsError(
            "MalformedInput", f"{name} is {text!r}, but must be a number.", status=400
        ) from None
    if kind == "boolean":
        return text.lower() == "true"
    return text


def _members(shape: StructureShape, document: Mapping[str, Any]) -> Iterator[str]:
    for name, value in document.items():
        member = shape.members[name]
        yield _element(member, member.serialization.get("name", name), value)


def _element(shape: Shape, name: str, value: Any) -> str:
    if isinstance(shape, StructureShape):
        return f"<{name}>{''.join(_members(shape, value))}</{name}>"
    if isinstance(shape, ListShape):
        if shape.serialization.get("flattened"):
            return "".join(_element(shape.member, name, item) for item in value)
        item_name = shape.member.serialization.get("name", "member")
        items = "".join(_element(shape.member, item_name, item) for item in value)
        return f"<{name}>{items}</{name}>"
    if isinstance(shape, MapShape):
        entries = "".join(
            f"<entry>{_element(shape.key, 'key', key)}{_element(shape.value, 'value', item)}</entry>"
            for key, item in value.items()
        )
        return f"<{name}>{entries}</{name}>"
    return f"<{name}>{escape(_text(shape, value))}</{name}>"


def _text(shape: Shape, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if shape.type_name == "timestamp":
        moment = datetime.fromtimestamp(value, UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    if isinstance(value, float) and math.isfinite(value):
        return repr(value)
    return str(value)
