"""Which operation of which service a request calls, and with which members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.model import OperationModel, StructureShape

from localaws.core.call import Call
from localaws.core.wire.models import find_rest_operation, is_rest, service_model
from localaws.core.wire.parse import parse
from localaws.core.wire.protocol import Protocol, form_of, operation_name, protocol_of
from localaws.core.wire.query import read_form

# By the name in signatures, the services of botocore and the prefix of their actions. The first service that
# has the operation is meant.
_SERVICES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "apigateway": ("apigateway", ("apigateway", "apigatewayv2")),
    "application-autoscaling": ("application-autoscaling", ("application-autoscaling",)),
    "budgets": ("budgets", ("budgets",)),
    "cloudtrail": ("cloudtrail", ("cloudtrail",)),
    "codebuild": ("codebuild", ("codebuild",)),
    "codecommit": ("codecommit", ("codecommit",)),
    "codeconnections": ("codeconnections", ("codeconnections",)),
    "codepipeline": ("codepipeline", ("codepipeline",)),
    "codestar-connections": ("codestar-connections", ("codestar-connections",)),
    "dynamodb": ("dynamodb", ("dynamodb",)),
    "ecr": ("ecr", ("ecr",)),
    "events": ("events", ("events",)),
    "iam": ("iam", ("iam",)),
    "kms": ("kms", ("kms",)),
    "lambda": ("lambda", ("lambda",)),
    "logs": ("logs", ("logs",)),
    "monitoring": ("cloudwatch", ("cloudwatch",)),
    "sagemaker": ("sagemaker", ("sagemaker", "sagemaker-runtime")),
    "scheduler": ("scheduler", ("scheduler",)),
    "secretsmanager": ("secretsmanager", ("secretsmanager",)),
    "sns": ("sns", ("sns",)),
    "sqs": ("sqs", ("sqs",)),
    "ssm": ("ssm", ("ssm",)),
    "states": ("states", ("stepfunctions",)),
    "sts": ("sts", ("sts",)),
    "tagging": ("tag", ("resourcegroupstaggingapi",)),
    "xray": ("xray", ("xray",)),
}


@dataclass(frozen=True)
class Operation:
    """A call of an operation."""

    service: str
    """The prefix of its actions, for example ``states``."""
    name: str
    params: Mapping[str, Any]
    region: str
    account: str
    call: Call

    def arn(self, service: str, resource: str, *, region: str | None = None) -> str:
        """The ARN of a resource of the account, in the region of the request."""
        place = self.region if region is None else region
        return f"arn:aws:{service}:{place}:{self.account}:{resource}"


def identify(call: Call, account: str) -> Operation | None:
    """The operation that a request to any service but S3 calls; None for one that is not known.

    Raises:
        AwsError: the members of the request cannot be read.
    """
    found = _SERVICES.get(call.signing_name)
    if found is None:
        return None
    prefix, names = found
    for name in names:
        operation = _operation(name, call)
        if operation is not None:
            params = _params(operation, call)
            return Operation(prefix, operation.name, params, call.region, account, call)
    return None


def _params(operation: OperationModel, call: Call) -> Mapping[str, Any]:
    shape = operation.input_shape
    if protocol_of(call) is Protocol.QUERY and isinstance(shape, StructureShape):
        return read_form(shape, form_of(call))
    return parse(operation, call)


def _operation(service_name: str, call: Call) -> OperationModel | None:
    model = service_model(service_name)
    target = call.headers.get("x-amz-target", "").rpartition(".")[2]
    protocol = protocol_of(call)
    name = target or (operation_name(call, protocol) if protocol is not Protocol.JSON else None)
    if name:
        return model.operation_model(name) if name in model.operation_names else None
    found = find_rest_operation(service_name, call.method, call.path)
    return found if found is not None and is_rest(found) else None
