"""Bucket policies with conditions.

moto reads a statement whose condition is not met as a denial, so that the usual statement "deny what does not
come over TLS" denies everything. On AWS such a statement does not apply (IAM user guide: policy evaluation
logic).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

# What localaws knows of a request. It never leaves the machine, so it counts as secure: over plain HTTP a
# TLS-only bucket could not be used at all.
_REQUEST_CONTEXT: Final = {"aws:securetransport": "true"}


def applies(conditions: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether the ``Condition`` block of a statement is met by a request to localaws."""
    return all(
        _met(operator, key, wanted)
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def get_permission(bucket: Any, action: str, resource: str) -> Any:
    """Takes the place of moto's ``FakeBucket.get_permission``."""
    from moto.iam.access_control import IAMPolicy, PermissionResult

    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    policy = json.loads(bucket.policy)
    statements = policy["Statement"]
    policy["Statement"] = [
        {name: value for name, value in statement.items() if name != "Condition"}
        for statement in (statements if isinstance(statements, list) else [statements])
        if applies(statement.get("Condition", {}))
    ]
    return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)


def install(_context_factory: object) -> None:
    """Put :func:`get_permission` into moto's bucket, whose class S3Backend names outright."""
    from moto.s3.models import FakeBucket

    FakeBucket.get_permission = get_permission


def _met(operator: str, key: str, wanted: Any) -> bool:
    name = operator.lower().removeprefix("forallvalues:").removeprefix("foranyvalue:")
    allowed = {str(value).lower() for value in (wanted if isinstance(wanted, list) else [wanted])}
    found = _REQUEST_CONTEXT.get(key.lower())
    if name == "null":
        return ("true" if found is None else "false") in allowed
    if found is None:
        # A key the request does not have fails every operator but the negated and the ...IfExists ones.
        return "not" in name or name.endswith("ifexists")
    return (found in allowed) is not ("not" in name)
