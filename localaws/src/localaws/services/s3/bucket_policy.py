"""What the policy of a bucket says, decided like every other policy.

For moto a statement whose condition is not met is a denial, so the usual statement that denies requests
without TLS denies every request. On AWS such a statement does not apply (IAM user guide, "Policy evaluation
logic").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from localaws.core.context import ACCOUNT_ID
from localaws.services.iam import context_keys, s3_requests, stores
from localaws.services.iam.current import current
from localaws.services.iam.decision import Layer, Policies, Request, decide
from localaws.services.iam.matching import RequestContext
from localaws.services.iam.principals import root


def get_permission(bucket: Any, action: str, resource: str) -> Any:
    """What the policy of a bucket says of an action. Replaces ``FakeBucket.get_permission`` of moto."""
    from moto.iam.access_control import PermissionResult

    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    principal = root(ACCOUNT_ID)
    keys: RequestContext = {"aws:securetransport": ["true"]}
    found = current()
    if found is not None:
        call, principal = found
        keys = {**context_keys.of_request(call, principal, {}), **_keys(call, action)}
    documents = stores.parsed([("bucket policy", bucket.policy.decode())])
    decision = decide(Request(principal, action, resource, keys), Policies(resource=documents))
    if decision.is_explicit:
        return PermissionResult.DENIED
    is_granted = decision.allowed and decision.layer is Layer.RESOURCE
    return PermissionResult.PERMITTED if is_granted else PermissionResult.NEUTRAL


def _keys(call: Any, action: str) -> dict[str, Sequence[str]]:
    needed = s3_requests.authorizations(call) or ()
    found = next((item.context for item in needed if item.action == action), {})
    return dict(found)
