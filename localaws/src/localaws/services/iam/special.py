"""The operations whose actions or resources do not follow from their names.

What is not here has one action, ``service:Operation``, on the resources that :mod:`resources` finds.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlsplit

from localaws.services.iam import stores
from localaws.services.iam.authorization import Authorization
from localaws.services.iam.operations import Operation

Rule = Callable[[Operation], Sequence[Authorization] | None]

_LAMBDA_INVOCATIONS: Final = {"Invoke", "InvokeAsync", "InvokeWithResponseStream"}
_RENAMED: Final[Mapping[tuple[str, str], str]] = {
    ("sns", "PublishBatch"): "sns:Publish",
    ("sqs", "SendMessageBatch"): "sqs:SendMessage",
    ("sqs", "DeleteMessageBatch"): "sqs:DeleteMessage",
    ("sqs", "ChangeMessageVisibilityBatch"): "sqs:ChangeMessageVisibility",
}
# GetCallerIdentity and the like need no permission.
_FREE: Final = frozenset(
    {("sts", "GetCallerIdentity"), ("sts", "GetSessionToken"), ("sts", "GetAccessKeyInfo")}
)
_RULE_OPERATIONS: Final = frozenset(
    {
        "DeleteRule", "DescribeRule", "DisableRule", "EnableRule", "ListTargetsByRule", "PutRule",
        "PutTargets", "RemoveTargets",
    }
)  # fmt: skip
_KEY_ID_LENGTH: Final = 36


def authorizations(operation: Operation) -> Sequence[Authorization] | None:
    """What an operation needs that has a rule of its own; None for all others."""
    if (operation.service, operation.name) in _FREE:
        return []
    rule = _RULES.get(operation.service)
    return None if rule is None else rule(operation)


def action_of(operation: Operation) -> str:
    """The action of an operation: its own name, with few exceptions."""
    key = (operation.service, operation.name)
    return _RENAMED.get(key, f"{operation.service}:{operation.name}")


def _apigateway(operation: Operation) -> Sequence[Authorization]:
    # The actions of API Gateway are the verbs of HTTP, and its resources the paths.
    path = quote(operation.call.path, safe="/%")
    path = path.removeprefix("/v2")
    arn = f"arn:aws:apigateway:{operation.region}::{path}"
    return [Authorization(f"apigateway:{operation.call.method}", arn)]


def _cloudwatch(operation: Operation) -> Sequence[Authorization] | None:
    if operation.name != "DescribeAlarms" or operation.params.get("AlarmNames"):
        return None
    # A list may hold every alarm.
    return [Authorization("cloudwatch:DescribeAlarms", operation.arn("cloudwatch", "alarm:*"))]


def _lambda(operation: Operation) -> Sequence[Authorization] | None:
    name = operation.params.get("FunctionName")
    if not isinstance(name, str):
        return None
    action = "InvokeFunction" if operation.name in _LAMBDA_INVOCATIONS else operation.name
    parts = name.split(":")
    # A name, a name with its account, or an ARN, each with or without a version or alias.
    if name.startswith("arn:"):
        function, qualifier = parts[6], parts[7] if len(parts) > 7 else ""
    elif "function" in parts:
        function, qualifier = parts[parts.index("function") + 1], ""
    else:
        function, qualifier = parts[0], parts[1] if len(parts) > 1 else ""
    qualifier = qualifier or str(operation.params.get("Qualifier") or "")
    arn = operation.arn("lambda", f"function:{function}" + (f":{qualifier}" if qualifier else ""))
    return [Authorization(f"lambda:{action}", arn)]


def _events(operation: Operation) -> Sequence[Authorization] | None:
    params = operation.params
    if operation.name == "PutEvents":
        buses = {str(entry.get("EventBusName") or "default") for entry in params.get("Entries", [])}
        return [
            Authorization(
                "events:PutEvents",
                bus if bus.startswith("arn:") else operation.arn("events", f"event-bus/{bus}"),
            )
            for bus in sorted(buses)
        ]
    if operation.name in _RULE_OPERATIONS:
        name = str(params.get("Rule") or params.get("Name") or "")
        bus = str(params.get("EventBusName") or "default").rpartition("/")[2]
        path = name if bus == "default" else f"{bus}/{name}"
        return [Authorization(f"events:{operation.name}", operation.arn("events", f"rule/{path}"))]
    return None


def _logs(operation: Operation) -> Sequence[Authorization] | None:
    params = operation.params
    given = str(params.get("logGroupIdentifier") or params.get("logGroupArn") or "")
    group = str(params.get("logGroupName") or params.get("logGroupNamePrefix") or given)
    group = group.partition(":log-group:")[2] or group
    group = group.removesuffix(":*")
    action = f"logs:{operation.name}"
    if operation.name in {"PutLogEvents", "GetLogEvents", "DeleteLogStream"}:
        stream = params.get("logStreamName", "")
        return [
            Authorization(action, operation.arn("logs", f"log-group:{group}:log-stream:{stream}"))
        ]
    if group or operation.name == "DescribeLogGroups":
        # Messages of AWS name a group with the empty name of a stream. Policies may leave it out.
        arn = operation.arn("logs", f"log-group:{group}")
        return [Authorization(action, f"{arn}:log-stream:", alternative=arn)]
    return None


def _ssm(operation: Operation) -> Sequence[Authorization] | None:
    params = operation.params
    names = [*params.get("Names", [])] if isinstance(params.get("Names"), list) else []
    names += [params[key] for key in ("Name", "Path") if isinstance(params.get(key), str)]
    if operation.name in {"AddTagsToResource", "ListTagsForResource", "RemoveTagsFromResource"}:
        if params.get("ResourceType") != "Parameter":
            return None
        names = [str(params.get("ResourceId", ""))]
    elif "Parameter" not in operation.name or operation.name == "DescribeParameters":
        return None
    return [
        Authorization(
            f"ssm:{operation.name}",
            name
            if name.startswith("arn:")
            # A version or label after a colon is not part of the name.
            else operation.arn("ssm", f"parameter/{name.partition(':')[0].strip('/')}"),
        )
        for name in names
    ]


def _kms(operation: Operation) -> Sequence[Authorization] | None:
    params = operation.params
    context = encryption_context(params.get("EncryptionContext") or {})
    if operation.name == "Decrypt":
        arn = ciphertext_key(params.get("CiphertextBlob")) or _key_arn(
            operation, params.get("KeyId")
        )
        return [Authorization("kms:Decrypt", arn, context)] if arn else None
    if operation.name == "ReEncrypt":
        source = ciphertext_key(params.get("CiphertextBlob"))
        target = _key_arn(operation, params.get("DestinationKeyId"))
        if not source or not target:
            return None
        return [
            Authorization("kms:ReEncryptFrom", source),
            Authorization("kms:ReEncryptTo", target),
        ]
    if operation.name in {"CreateAlias", "UpdateAlias", "DeleteAlias"}:
        alias = str(params.get("AliasName", ""))
        key = _key_arn(operation, params.get("TargetKeyId") or alias)
        resources = [operation.arn("kms", alias), *([key] if key else [])]
        return [Authorization(f"kms:{operation.name}", resource) for resource in resources]
    if "KeyId" not in params:
        return None
    arn = _key_arn(operation, params["KeyId"])
    return [Authorization(f"kms:{operation.name}", arn, context)] if arn else None


def _sns(operation: Operation) -> Sequence[Authorization] | None:
    subscription = operation.params.get("SubscriptionArn")
    if not isinstance(subscription, str):
        return None
    return [Authorization(f"sns:{operation.name}", subscription.rpartition(":")[0])]


def _sqs(operation: Operation) -> Sequence[Authorization] | None:
    url = operation.params.get("QueueUrl")
    if not isinstance(url, str):
        return None
    name = urlsplit(url).path.rpartition("/")[2]
    return [Authorization(action_of(operation), operation.arn("sqs", name))]


def _codebuild(operation: Operation) -> Sequence[Authorization] | None:
    params = operation.params
    ids: Iterable[Any] = params.get("ids") or ([params["id"]] if "id" in params else [])
    if operation.name in {"BatchGetBuilds", "StopBuild", "BatchDeleteBuilds", "RetryBuild"}:
        # The permission belongs to the project, whose name is the first part of a build's id.
        projects = {str(item).rpartition("build/")[2].partition(":")[0] for item in ids}
        return [
            Authorization(
                f"codebuild:{operation.name}", operation.arn("codebuild", f"project/{name}")
            )
            for name in sorted(projects)
        ]
    if operation.name in {
        "BatchPutTestCases",
        "BatchPutCodeCoverages",
        "UpdateReport",
        "DescribeTestCases",
    }:
        arn = str(params.get("reportArn", ""))
        group = arn.rpartition("report/")[2].partition(":")[0]
        resource = operation.arn("codebuild", f"report-group/{group}")
        return [Authorization(f"codebuild:{operation.name}", resource)]
    return None


def _codepipeline(operation: Operation) -> Sequence[Authorization] | None:
    params = operation.params
    declared = params.get("pipeline")
    if operation.name in {"CreatePipeline", "UpdatePipeline"} and isinstance(declared, dict):
        arn = operation.arn("codepipeline", str(declared.get("name", "")))
        return [Authorization(f"codepipeline:{operation.name}", arn)]
    return None


def _sagemaker(operation: Operation) -> Sequence[Authorization] | None:
    params = operation.params
    if operation.name == "CreateModelPackage" and params.get("ModelPackageGroupName"):
        group = str(params["ModelPackageGroupName"]).rpartition("/")[2]
        # The version, which is the last part of the ARN, does not exist yet.
        return [
            Authorization(
                "sagemaker:CreateModelPackage", operation.arn("sagemaker", f"{kind}/{group}{rest}")
            )
            for kind, rest in (("model-package-group", ""), ("model-package", "/*"))
        ]
    if operation.name == "DescribeModelPackageGroup":
        group = str(params.get("ModelPackageGroupName", "")).rpartition("/")[2]
        arn = operation.arn("sagemaker", f"model-package-group/{group}")
        return [Authorization("sagemaker:DescribeModelPackageGroup", arn)]
    return None


def _iam(operation: Operation) -> Sequence[Authorization] | None:
    action = f"iam:{operation.name}"
    params = operation.params
    if operation.name == "CreateRole":
        path = str(params.get("Path") or "/")
        return [
            Authorization(
                action, operation.arn("iam", f"role{path}{params['RoleName']}", region="")
            )
        ]
    for member, entities, kind in (("RoleName", "roles", "role"), ("UserName", "users", "user")):
        name = params.get(member)
        if isinstance(name, str):
            known = getattr(stores.iam_backend(), entities).values()
            arn = next((item.arn for item in list(known) if item.name == name), None)
            return [Authorization(action, arn or operation.arn("iam", f"{kind}/{name}", region=""))]
    return None


def _sts(operation: Operation) -> Sequence[Authorization] | None:
    if operation.name != "AssumeRole":
        # A web identity is checked against the trust policy by its own operation.
        return [] if operation.name.startswith("AssumeRoleWith") else None
    params = operation.params
    context = {
        f"sts:{key}": [str(params[name])]
        for key, name in (("externalid", "ExternalId"), ("rolesessionname", "RoleSessionName"))
        if name in params
    }
    return [Authorization("sts:AssumeRole", str(params.get("RoleArn", "")), context)]


def encryption_context(values: Mapping[str, str]) -> dict[str, Sequence[str]]:
    """The condition keys of an encryption context."""
    found: dict[str, Sequence[str]] = {
        f"kms:encryptioncontext:{name.lower()}": [value] for name, value in values.items()
    }
    return {**found, "kms:encryptioncontextkeys": sorted(values)} if values else {}


def ciphertext_key(blob: Any) -> str:
    """The ARN of the key that has encrypted something; its id stands at the beginning."""
    data = blob if isinstance(blob, bytes) else b""
    if isinstance(blob, str):
        try:
            data = base64.b64decode(blob)
        except binascii.Error:
            return ""
    key_id = data[:_KEY_ID_LENGTH].decode("ascii", errors="replace")
    return stores.key_arn(key_id)


def _key_arn(operation: Operation, key_id: Any) -> str:
    return stores.key_arn(str(key_id), operation.region) if key_id else ""


_RULES: Final[Mapping[str, Rule]] = {
    "apigateway": _apigateway,
    "cloudwatch": _cloudwatch,
    "codebuild": _codebuild,
    "codepipeline": _codepipeline,
    "events": _events,
    "iam": _iam,
    "kms": _kms,
    "lambda": _lambda,
    "logs": _logs,
    "sagemaker": _sagemaker,
    "sns": _sns,
    "sqs": _sqs,
    "ssm": _ssm,
    "sts": _sts,
}
