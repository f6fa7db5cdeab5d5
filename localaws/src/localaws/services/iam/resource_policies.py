"""The policy of the resource that a request is about, wherever moto keeps it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from localaws.core.context import ACCOUNT_ID
from localaws.services.iam import stores
from localaws.services.iam.document import Document

_Finder = Callable[[str, str, str], str | None]
"""(region, resource part of the ARN, action) -> the policy's text, or None."""


def policies_of(arn: str, action: str) -> Sequence[Document]:
    """The policies of a resource, and the grants of a key."""
    return stores.parsed(texts_of(arn, action))


def texts_of(arn: str, action: str) -> Sequence[tuple[str, str]]:
    """The names and texts of the policies of a resource, and of the grants of a key."""
    parts = arn.split(":", 5)
    if len(parts) != 6:
        return ()
    service, region, resource = parts[2], parts[3], parts[5]
    finder = _FINDERS.get(service)
    if finder is None:
        return ()
    text = finder(region, resource, action)
    found = [(owner_of(arn), text)] if text else []
    return [*found, *_grants(region, resource)] if service == "kms" else found


def owner_of(arn: str) -> str:
    """The ARN of the resource whose policy decides on an ARN: the bucket of an object."""
    return arn.partition("/")[0] if arn.startswith("arn:aws:s3:::") else arn


def is_strict(action: str, arn: str) -> bool:
    """Whether the resource's policy has to allow an action too: for keys, and for a role that is assumed."""
    return action.startswith("sts:AssumeRole") or (
        action.startswith("kms:") and ":key/" in arn and arn != "*"
    )


def _bucket(_region: str, resource: str, _action: str) -> str | None:
    from moto.s3.models import s3_backends

    bucket = s3_backends[ACCOUNT_ID]["aws"].buckets.get(resource.partition("/")[0])
    policy = getattr(bucket, "policy", None)
    return policy.decode() if isinstance(policy, bytes) else policy


def _key(region: str, resource: str, _action: str) -> str | None:
    if not resource.startswith("key/"):
        return None
    key = stores.find_key(resource.removeprefix("key/"), region)
    return None if key is None else str(key.policy)


def _role(_region: str, resource: str, action: str) -> str | None:
    if not resource.startswith("role/") or not action.startswith("sts:"):
        return None
    role = stores.find_role(f"arn:aws:iam::{ACCOUNT_ID}:{resource}")
    return None if role is None else str(role.assume_role_policy_document)


def _topic(region: str, resource: str, _action: str) -> str | None:
    from moto.sns.models import sns_backends

    arn = f"arn:aws:sns:{region}:{ACCOUNT_ID}:{resource}"
    topic = sns_backends[ACCOUNT_ID][region].topics.get(arn)
    return None if topic is None else str(topic.policy)


def _queue(region: str, resource: str, _action: str) -> str | None:
    from moto.sqs.models import sqs_backends

    queue = sqs_backends[ACCOUNT_ID][region].queues.get(resource)
    policy = getattr(queue, "policy", None)
    return policy if policy is None or isinstance(policy, str) else json.dumps(policy)


def _function(region: str, resource: str, _action: str) -> str | None:
    from moto.awslambda.models import lambda_backends

    name = resource.split(":")[1] if resource.startswith("function:") else ""
    try:
        function = lambda_backends[ACCOUNT_ID][region].get_function(name)
    except Exception:
        # moto has a class of errors for each reason that there is no such function.
        return None
    statements = list(function.policy.statements)
    return json.dumps({"Version": "2012-10-17", "Statement": statements}) if statements else None


def _repository(region: str, resource: str, _action: str) -> str | None:
    from moto.ecr.models import ecr_backends

    known = ecr_backends[ACCOUNT_ID][region].repositories
    return getattr(known.get(resource.removeprefix("repository/")), "policy", None)


def _secret(region: str, resource: str, _action: str) -> str | None:
    from moto.secretsmanager.models import secretsmanager_backends

    secrets = secretsmanager_backends[ACCOUNT_ID][region].secrets
    found = next((item for item in secrets.values() if item.arn.endswith(f":{resource}")), None)
    return getattr(found, "policy", None)


def _bus(region: str, resource: str, _action: str) -> str | None:
    from moto.events.models import events_backends

    if not resource.startswith("event-bus/"):
        return None
    known = events_backends[ACCOUNT_ID][region].event_buses
    bus = known.get(resource.removeprefix("event-bus/"))
    text = getattr(bus, "policy", None)
    return text or None


def _grants(region: str, resource: str) -> Sequence[tuple[str, str]]:
    """The grants of a key as statements.

    https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
    """
    key = stores.find_key(resource.removeprefix("key/"), region)
    texts = []
    for grant in list(key.grants.values()) if key is not None else []:
        condition: dict[str, Any] = {}
        constraints: Mapping[str, Mapping[str, str]] = grant.constraints or {}
        for name in ("EncryptionContextEquals", "EncryptionContextSubset"):
            for item, value in (constraints.get(name) or {}).items():
                condition.setdefault("StringEquals", {})[f"kms:EncryptionContext:{item}"] = value
        statement = {
            "Effect": "Allow",
            "Principal": {_principal_kind(grant.grantee_principal): grant.grantee_principal},
            "Action": [f"kms:{name}" for name in grant.operations],
            "Resource": "*",
            "Condition": condition,
        }
        document = {"Version": "2012-10-17", "Statement": [statement]}
        texts.append((f"grant {grant.id}", json.dumps(document)))
    return texts


def _principal_kind(principal: str) -> str:
    return "Service" if principal.endswith(".amazonaws.com") else "AWS"


_FINDERS: Final[Mapping[str, _Finder]] = {
    "ecr": _repository,
    "events": _bus,
    "iam": _role,
    "kms": _key,
    "lambda": _function,
    "s3": _bucket,
    "secretsmanager": _secret,
    "sns": _topic,
    "sqs": _queue,
}
