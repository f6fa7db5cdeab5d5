"""Decides authorizations with the policies that moto keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from localaws.core.context import ACCOUNT_ID
from localaws.services.iam import context_keys, resource_policies, stores
from localaws.services.iam.authorization import Authorization
from localaws.services.iam.decision import Decision, Policies, Request, decide
from localaws.services.iam.document import Document
from localaws.services.iam.principals import Principal


def authorize(
    principal: Principal, needed: Authorization, keys: Mapping[str, Sequence[str]]
) -> tuple[Request, Decision]:
    """Decide one authorization of a principal.

    Args:
        principal: the caller.
        needed: the action, its resource and its own condition keys.
        keys: the condition keys of the request.
    """
    context = {
        **context_keys.of_principal(principal),
        **keys,
        **needed.context,
        "aws:resourceaccount": [ACCOUNT_ID],
        **stores.resource_tags(needed.resource),
    }
    request = Request(principal, needed.action, needed.resource, context)
    policies = policies_for(principal, needed.action, needed.resource)
    return request, decide_either(request, policies, needed.alternative)


def decide_either(request: Request, policies: Policies, alternative: str) -> Decision:
    """Decide a request whose resource has another form, by which a policy may name it too."""
    decision = decide(request, policies)
    if not decision.allowed and not decision.is_explicit and alternative:
        second = decide(replace(request, resource=alternative), policies)
        if second.allowed:
            return second
    return decision


def policies_for(principal: Principal, action: str, resource: str) -> Policies:
    """The policies that apply to a request, as they are now."""
    identity: Sequence[Document] = ()
    boundary: Document | None = None
    if principal.kind == "session":
        entity = stores.find_role(principal.role_arn)
    elif principal.kind == "user":
        entity = stores.find_user(principal.arn)
    else:
        entity = None
    if entity is not None:
        identity, boundary = stores.identity_policies(entity), stores.boundary(entity)
    session: Sequence[Document] | None = None
    if principal.session_policies:
        session = stores.parsed(("session policy", text) for text in principal.session_policies)
    return Policies(
        identity=identity,
        boundary=boundary,
        session=session,
        resource=resource_policies.policies_of(resource, action),
        is_strict=resource_policies.is_strict(action, resource),
    )
