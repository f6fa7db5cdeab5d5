"""The operations of a service in botocore's model, and the one that a path addresses."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

import botocore.session
from botocore import xform_name
from botocore.model import OperationModel, ServiceModel, Shape

_session = botocore.session.Session()


@lru_cache(maxsize=64)
def service_model(service_name: str) -> ServiceModel:
    """botocore's model of a service."""
    return _session.get_service_model(service_name)


def method_name(operation: str) -> str:
    """``PutApprovalResult`` -> ``put_approval_result``."""
    name: str = xform_name(operation)
    return name


@lru_cache(maxsize=256)
def _uri_pattern(uri: str) -> re.Pattern[str]:
    parts = re.split(r"\{([^}]+)\}", uri.split("?")[0])
    pattern = ""
    for index, part in enumerate(parts):
        if index % 2 == 0:
            pattern += re.escape(part)
        else:
            greedy, name = part.endswith("+"), part.rstrip("+")
            # The name of a group has no hyphen, that of a label may: {resource-arn}.
            group = name.replace("-", "_")
            pattern += f"(?P<{group}>{'.+' if greedy else '[^/]+'})"
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


def is_rest(operation: OperationModel) -> bool:
    """Whether the verb and path of a request name the operation. Otherwise a header does."""
    return "targetPrefix" not in operation.service_model.metadata


def wire_name(name: str, member: Shape) -> str:
    """What JSON calls a member: its name, except in services such as API Gateway (``apiId``)."""
    found: str = member.serialization.get("name", name)
    return found


def has_protocol(model: ServiceModel, protocol: str) -> bool:
    """Whether clients of a service may use a protocol, as botocore names it."""
    return protocol in model.metadata.get("protocols", [model.metadata.get("protocol")])


def path_labels(operation: OperationModel, path: str) -> dict[str, str]:
    """The values of the variable parts of an operation's path, decoded."""
    match = _uri_pattern(operation.http["requestUri"]).match(path)
    assert match, f"{path} does not address {operation.name}"
    names = re.findall(r"\{([^}+]+)\+?\}", operation.http["requestUri"].split("?")[0])
    return {name: unquote(value) for name, value in zip(names, match.groups(), strict=True)}
