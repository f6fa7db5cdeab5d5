"""Bucket policies with conditions.

For moto a statement whose condition is not met is a denial, so the usual statement that denies requests
without TLS denies every request. On AWS such a statement does not apply (IAM user guide, "Policy evaluation
logic").
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

# The condition keys that every request has. A request never leaves the machine, so it counts as secure:
# otherwise a bucket that requires TLS could not be used at all.
_REQUEST_CONTEXT: Final = {"aws:securetransport": "true"}


def applies(conditions: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether the ``Condition`` block of a statement is met by a request to localaws."""
    return all(
        _met(operator, key, wanted)
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def get_permission(bucket: Any, action: str, resource: str) -> Any:
    """What the policy of a bucket says of an action. Replaces ``FakeBucket.get_permission`` of moto."""
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


def _met(operator: str, key: str, wanted: Any) -> bool:
    name = operator.lower().removeprefix("forallvalues:").removeprefix("foranyvalue:")
    allowed = {str(value).lower() for value in (wanted if isinstance(wanted, list) else [wanted])}
    found = _REQUEST_CONTEXT.get(key.lower())
    if name == "null":
        return ("true" if found is None else "false") in allowed
    if found is None:
        # A missing key meets negated operators and those that end in IfExists, and no other.
        return "not" in name or name.endswith("ifexists")
    return (found in allowed) is not ("not" in name)
