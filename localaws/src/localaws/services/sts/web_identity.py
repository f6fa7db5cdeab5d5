"""AssumeRoleWithWebIdentity, in place of ``TokenResponse.assume_role_with_web_identity`` of moto."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from localaws.core.context import ACCOUNT_ID, Context, ContextFactory
from localaws.services.sts.identity_token import OidcProvider, RefusedTokenError, TokenVerifier
from localaws.services.sts.trust_policy import condition_context, trusts

_REGION: Final = "us-east-1"
_DENIED: Final = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
_DEFAULT_SECONDS: Final = 3600
_SHORTEST_SECONDS: Final = 900


def assume_role_with_web_identity(context_factory: ContextFactory) -> Callable[[Any], Any]:
    """The replacement, which checks the token and the role's trust policy before moto makes the session."""
    made: list[Context] = []

    def operation(self: Any) -> Any:
        from moto.core.responses import ActionResult

        if not made:
            made.append(context_factory(ACCOUNT_ID, _REGION, "sts"))
        return ActionResult(_assume(self, made[0]))

    return operation


def _assume(response: Any, context: Context) -> dict[str, Any]:
    role_arn = str(response._get_param("RoleArn") or "")
    session_name = str(response._get_param("RoleSessionName") or "")
    token = TokenVerifier(context).verify(
        str(response._get_param("WebIdentityToken") or ""), _providers(context)
    )
    issuer = str(token.claims["iss"]).removeprefix("https://")
    provider = _providers(context)[issuer]
    role = _role(context, role_arn)
    seconds = response._get_int_param("DurationSeconds", _DEFAULT_SECONDS)
    conditions = condition_context(issuer, token.claims, session_name)
    policy = json.loads(role.assume_role_policy_document)
    if not trusts(policy, provider.arn, conditions):
        raise RefusedTokenError("AccessDenied", _DENIED)
    _check_duration(seconds, int(role.max_session_duration or _DEFAULT_SECONDS))
    session = response.backend.assume_role_with_web_identity(
        region_name=response.region,
        role_session_name=session_name,
        role_arn=role_arn,
        policy=response._get_param("Policy"),
        duration=seconds,
        external_id=None,
    )
    audience = token.claims["aud"]
    return {
        "Credentials": session,
        "AssumedRoleUser": {"AssumedRoleId": session.user_id, "Arn": session.arn},
        "SubjectFromWebIdentityToken": str(token.claims["sub"]),
        "Provider": provider.arn,
        "Audience": audience[0] if isinstance(audience, list) else str(audience),
        "PackedPolicySize": 0,
    }


def _iam(context: Context) -> Any:
    from moto.iam.models import iam_backends

    return iam_backends[context.account_id][context.partition]


def _providers(context: Context) -> Mapping[str, OidcProvider]:
    registered = _iam(context).open_id_providers.values()
    return {item.url: OidcProvider(item.arn, tuple(item.client_id_list)) for item in registered}


def _role(context: Context, arn: str) -> Any:
    """The role; one that does not exist is refused like one that does not trust the token."""
    found = next((role for role in _iam(context).roles.values() if role.arn == arn), None)
    if found is None:
        raise RefusedTokenError("AccessDenied", _DENIED)
    return found


def _check_duration(seconds: int, longest: int) -> None:
    if seconds < _SHORTEST_SECONDS:
        raise RefusedTokenError(
            "ValidationError",
            f"1 validation error detected: Value '{seconds}' at 'durationSeconds' failed to satisfy "
            f"constraint: Member must have value greater than or equal to {_SHORTEST_SECONDS}",
        )
    if seconds > longest:
        raise RefusedTokenError(
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        )
