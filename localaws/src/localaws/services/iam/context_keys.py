"""The condition keys that every request has.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from localaws.core.call import Call
from localaws.services.iam.operations import Operation
from localaws.services.iam.principals import Principal

_TYPES: Final = {
    "root": "Account",
    "user": "User",
    "session": "AssumedRole",
    "federated": "FederatedUser",
    "anonymous": "Anonymous",
}


def of_request(
    call: Call, principal: Principal, params: Mapping[str, Any]
) -> dict[str, Sequence[str]]:
    """The global condition keys of a request, in lower case."""
    now = datetime.now(UTC)
    tags = _request_tags(params)
    keys: dict[str, Sequence[str]] = {
        "aws:currenttime": [now.strftime("%Y-%m-%dT%H:%M:%SZ")],
        "aws:epochtime": [str(int(now.timestamp()))],
        "aws:requestedregion": [call.region],
        # Policies require TLS. The loopback interface stands for it, so that they need no exception here.
        "aws:securetransport": ["true"],
        "aws:viaawsservice": ["false"],
        **{f"aws:requesttag/{name.lower()}": [value] for name, value in tags.items()},
    }
    if tags:
        keys["aws:tagkeys"] = sorted(tags)
    if call.headers.get("user-agent"):
        keys["aws:useragent"] = [call.headers["user-agent"]]
    return {**keys, **of_principal(principal)}


def of_principal(principal: Principal) -> dict[str, Sequence[str]]:
    """The condition keys that describe the caller."""
    if principal.kind == "service":
        keys: dict[str, Sequence[str]] = {
            "aws:principalisawsservice": ["true"],
            "aws:principalservicename": [principal.arn],
            "aws:sourceaccount": [principal.account],
        }
        return keys | ({"aws:sourcearn": [principal.source_arn]} if principal.source_arn else {})
    keys = {
        "aws:principalisawsservice": ["false"],
        "aws:principaltype": [_TYPES[principal.kind]],
        "aws:sourceip": ["127.0.0.1"],
    }
    if principal.kind == "anonymous":
        return keys
    keys |= {
        "aws:principalarn": [principal.policy_arn],
        "aws:principalaccount": [principal.account],
        "aws:userid": [principal.user_id],
        "kms:calleraccount": [principal.account],
    }
    if principal.kind == "user":
        keys["aws:username"] = [principal.arn.rpartition("/")[2]]
    tags = {f"aws:principaltag/{name.lower()}": [value] for name, value in principal.tags.items()}
    return {**keys, **tags}


def _request_tags(params: Mapping[str, Any]) -> dict[str, str]:
    for name in ("Tags", "tags", "TagList"):
        found = params.get(name)
        if isinstance(found, dict):
            return {str(key): str(value) for key, value in found.items()}
        if isinstance(found, list):
            pairs = [item for item in found if isinstance(item, dict)]
            return {
                str(item.get("Key", item.get("key", item.get("TagKey")))): str(
                    item.get("Value", item.get("value", item.get("TagValue", "")))
                )
                for item in pairs
            }
    return {}


def of_operation(operation: Operation) -> dict[str, Sequence[str]]:
    """The condition keys of a service's own, as far as the members of the request have them."""
    params = operation.params
    if operation.service == "cloudwatch" and "Namespace" in params:
        return {"cloudwatch:namespace": [str(params["Namespace"])]}
    if operation.service == "application-autoscaling":
        return {
            f"application-autoscaling:{key}": [str(params[member])]
            for key, member in (
                ("scalable-dimension", "ScalableDimension"),
                ("service-namespace", "ServiceNamespace"),
            )
            if member in params
        }
    if operation.service != "sagemaker":
        return {}
    return {key: values for key, values in _of_sagemaker(params) if values}


def _of_sagemaker(params: Mapping[str, Any]) -> Sequence[tuple[str, list[str]]]:
    instances = (
        params.get("ResourceConfig")
        or (params.get("ProcessingResources") or {}).get("ClusterConfig")
        or params.get("TransformResources")
        or {}
    )
    variants = params.get("ProductionVariants") or []
    types = [item.get("InstanceType") for item in [instances, *variants]]
    network = params.get("NetworkConfig") or params
    vpc = network.get("VpcConfig") or {}
    output = params.get("OutputDataConfig") or params.get("TransformOutput") or {}
    volume = instances.get("VolumeKmsKeyId") or params.get("KmsKeyId")
    flags = [
        (f"sagemaker:{key}", [str(network[name]).lower()])
        for key, name in (
            ("networkisolation", "EnableNetworkIsolation"),
            ("intercontainertrafficencryption", "EnableInterContainerTrafficEncryption"),
        )
        if name in network
    ]
    return [
        *flags,
        ("sagemaker:instancetypes", [str(item) for item in types if item]),
        ("sagemaker:vpcsubnets", list(vpc.get("Subnets", []))),
        ("sagemaker:vpcsecuritygroupids", list(vpc.get("SecurityGroupIds", []))),
        ("sagemaker:volumekmskeyarn", [str(volume)] if volume else []),
        ("sagemaker:outputkmskeyarn", [str(output["KmsKeyId"])] if output.get("KmsKeyId") else []),
        (
            "sagemaker:modelapprovalstatus",
            [str(params["ModelApprovalStatus"])] if "ModelApprovalStatus" in params else [],
        ),
    ]
