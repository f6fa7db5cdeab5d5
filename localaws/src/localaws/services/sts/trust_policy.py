"""Whether the trust policy of a role lets a web identity assume it."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from localaws.services.sts.conditions import Values, are_met

_ACTION: Final = "sts:assumerolewithwebidentity"
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


def trusts(policy: Mapping[str, Any], provider_arn: str, context: Mapping[str, Values]) -> bool:
    """Whether a statement allows AssumeRoleWithWebIdentity and none denies it."""
    statements = policy["Statement"]
    effects = {
        statement["Effect"]
        for statement in (statements if isinstance(statements, list) else [statements])
        if _names_action(statement)
        and _names_provider(statement, provider_arn)
        and are_met(statement.get("Condition", {}), context)
    }
    return effects == {"Allow"}


def _names_action(statement: Mapping[str, Any]) -> bool:
    return any(fnmatchcase(_ACTION, action.lower()) for action in _list(statement.get("Action")))


def _names_provider(statement: Mapping[str, Any], provider_arn: str) -> bool:
    principal = statement.get("Principal")
    if principal == "*":
        return True
    federated = _list(principal.get("Federated")) if isinstance(principal, dict) else []
    return provider_arn in federated


def _list(value: Any) -> list[str]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
