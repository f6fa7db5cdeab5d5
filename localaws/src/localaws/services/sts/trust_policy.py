"""Whether the trust policy of a role lets a web identity assume it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from localaws.core.context import ACCOUNT_ID
from localaws.services.iam.decision import Policies, Request, decide
from localaws.services.iam.document import DocumentError, parse_object
from localaws.services.iam.matching import RequestContext, Values
from localaws.services.iam.principals import Principal

_ACTION: Final = "sts:AssumeRoleWithWebIdentity"
# By provider, the claims besides sub, aud and amr that AWS evaluates (IAM user guide, "Available keys for
# AWS OIDC federation").
_PROVIDER_CLAIMS: Final = {
    "token.actions.githubusercontent.com": (
        "actor", "actor_id", "job_workflow_ref", "repository", "repository_id", "workflow", "ref",
        "environment", "enterprise_id",
    ),
}  # fmt: skip
_CLAIMS: Final = ("sub", "aud", "amr")


def condition_context(
    provider: str, claims: Mapping[str, Any], session_name: str
) -> dict[str, Values]:
    """The condition keys of a request, in lower case.

    Args:
        provider: the issuer without https://.
        claims: the claims of the verified token.
        session_name: the RoleSessionName of the request.
    """
    context: dict[str, Values] = {"sts:rolesessionname": [session_name]}
    for name in (*_CLAIMS, *_PROVIDER_CLAIMS.get(provider, ())):
        if name in claims:
            value = claims[name]
            values = value if isinstance(value, list) else [value]
            context[f"{provider}:{name}".lower()] = [str(item) for item in values]
    return context


def trusts(policy: Mapping[str, Any], provider_arn: str, context: RequestContext) -> bool:
    """Whether a statement allows AssumeRoleWithWebIdentity and none denies it."""
    try:
        document = parse_object(policy, "trust policy")
    except DocumentError:
        return False
    caller = Principal("federated", provider_arn, ACCOUNT_ID)
    request = Request(caller, _ACTION, "*", context)
    return decide(request, Policies(resource=[document], is_strict=True)).allowed
