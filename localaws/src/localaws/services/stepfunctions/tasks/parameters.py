"""The parameters that an API accepts, and the message of Step Functions about others."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from botocore import xform_name
from botocore.exceptions import UnknownServiceError
from botocore.model import ListShape, OperationModel, Shape, StructureShape

from localaws.core.wire.models import service_model

# Services whose name in aws-sdk resources, which is that of the Java SDK, differs from botocore's.
_SERVICES = {
    "applicationautoscaling": "application-autoscaling",
    "sfn": "stepfunctions",
    "cloudwatchlogs": "logs",
    "eventbridge": "events",
    "sagemakerruntime": "sagemaker-runtime",
    "cloudwatchevents": "events",
    "elasticloadbalancingv2": "elbv2",
    "cognitoidentityprovider": "cognito-idp",
}


def boto_service(name: str) -> str:
    """botocore's name of the service in an ``aws-sdk:`` resource."""
    return _SERVICES.get(name.lower(), name.lower())


@lru_cache(maxsize=256)
def operation_model(service: str, action: str) -> OperationModel | None:
    """The model of an action such as ``createModelPackage``; None when the service does not have it."""
    try:
        model = service_model(boto_service(service))
    except UnknownServiceError:
        return None
    wanted = xform_name(action)
    name = next((n for n in model.operation_names if xform_name(n) == wanted), None)
    return model.operation_model(name) if name else None


def unsupported_fields(operation: OperationModel, parameters: Any) -> list[str]:
    """The fields of ``parameters``, nested ones included, that the input of the API does not have."""
    return _unsupported(operation.input_shape, parameters)


def _unsupported(shape: Shape | None, value: Any) -> list[str]:
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        # Step Functions uses PascalCase for all members, including those of APIs in camelCase.
        members = {name.lower(): member for name, member in shape.members.items()}
        found = []
        for name, entry in value.items():
            plain = name.removesuffix(".$")
            if plain.lower() not in members:
                found.append(plain)
            elif plain == name:
                found += _unsupported(members[plain.lower()], entry)
        return found
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [name for entry in value for name in _unsupported(shape.member, entry)]
    return []


def field_not_supported(name: str) -> str:
    """The message of Step Functions about a field that an API does not have."""
    return f'The field "{name}" is not supported by Step Functions'
