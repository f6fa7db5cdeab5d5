"""Whose access key signs a request."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from localaws.core.acting import ServiceKeys
from localaws.core.call import Call
from localaws.core.context import ACCOUNT_ID
from localaws.services.iam import refusals, stores
from localaws.services.iam.principals import ANONYMOUS, Principal, root, service
from localaws.services.iam.signature import Signature

# The keys of the root user: what clients of localaws use, and its own services where they act as nobody.
_ROOT_KEYS: Final = {"test": "test", "localaws": "localaws"}
# STS answers who gets credentials here without a signature.
_UNSIGNED: Final = frozenset({"AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"})


@dataclass(frozen=True)
class _Key:
    secret: str = field(repr=False)
    principal: Principal
    token: str = field(default="", repr=False)


class Identities:
    """Finds the caller of a request.

    Args:
        service_keys: the keys with which services of localaws call as themselves.
    """

    def __init__(self, service_keys: ServiceKeys) -> None:
        self._service_keys = service_keys
        self._sessions: dict[str, Any] = {}

    def caller(self, call: Call) -> Principal:
        """Who has signed a request.

        Raises:
            AwsError: the key, its token or the signature is wrong, in the words of the called service.
        """
        try:
            signature = Signature.read(call)
        except ValueError as error:
            raise refusals.incomplete_signature(call, str(error)) from error
        if signature is None:
            return ANONYMOUS
        key = self._find(signature.access_key)
        if key is None:
            raise refusals.unknown_key(call)
        if key.token and not hmac.compare_digest(key.token.encode(), signature.token.encode()):
            raise refusals.wrong_token(call)
        if not signature.is_current(datetime.now(UTC)):
            raise refusals.expired_signature(call, is_url=signature.is_url)
        if not signature.is_made_with(key.secret, call):
            raise refusals.wrong_signature(call)
        return replace(key.principal, access_key=signature.access_key)

    def _find(self, access_key: str) -> _Key | None:
        if access_key in _ROOT_KEYS:
            return _Key(_ROOT_KEYS[access_key], root(ACCOUNT_ID))
        found = self._service_keys.find(access_key)
        if found is not None:
            acting, credentials = found
            principal = service(acting.principal, acting.account, acting.source_arn)
            return _Key(credentials["SecretAccessKey"], principal, credentials["SessionToken"])
        session = self._session(access_key)
        if session is not None:
            return _Key(
                session.secret_access_key, _session_principal(session), session.session_token
            )
        key = stores.iam_backend().access_keys.get(access_key)
        if key is None or key.status != "Active" or not key.user_name:
            return None
        user = stores.iam_backend().users.get(key.user_name)
        return None if user is None else _Key(key.secret_access_key, user_principal(user))

    def _session(self, access_key: str) -> Any | None:
        from moto.sts.models import sts_backends

        if access_key not in self._sessions:
            backend = sts_backends[ACCOUNT_ID]["aws"]
            found = backend.get_assumed_role_from_access_key(access_key)
            if found is None:
                return None
            self._sessions[access_key] = found
        return self._sessions[access_key]


def user_principal(user: Any) -> Principal:
    """A user of IAM as a caller."""
    return Principal("user", user.arn, ACCOUNT_ID, user.id, tags=stores.tags_of(user.tags))


def role_principal(role: Any, session_name: str, session_policies: Sequence[str] = ()) -> Principal:
    """A session with a role as a caller."""
    return Principal(
        "session",
        f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/{role.name}/{session_name}",
        ACCOUNT_ID,
        f"{role.id}:{session_name}",
        role_arn=role.arn,
        tags=stores.tags_of(role.tags),
        session_policies=tuple(session_policies),
    )


def _session_principal(session: Any) -> Principal:
    role = stores.find_role(session.role_arn)
    policies = (session.policy,) if session.policy else ()
    if role is not None:
        return role_principal(role, session.session_name, policies)
    # The role has been deleted, or never existed, which moto allows. It has no policies.
    return Principal(
        "session", session.arn, ACCOUNT_ID, role_arn=session.role_arn, session_policies=policies
    )


def may_be_anonymous(call: Call, operation: str) -> bool:
    """Whether an operation can be called without a signature."""
    return operation in _UNSIGNED or not call.signing_name
