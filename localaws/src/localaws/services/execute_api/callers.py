"""Who has signed a request, and whether that identity may invoke an API."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from localaws.core.context import ACCOUNT_ID, Context
from localaws.services.sts.conditions import are_met

ACTION: Final = "execute-api:Invoke"
# Keys that localaws has not issued count as keys of the account. Of these two it knows the secret.
_KNOWN_SECRETS: Final = {"test": "test", "localaws": "localaws"}


@dataclass(frozen=True)
class Caller:
    """An identity with an access key."""

    access_key: str
    secret_key: str | None = field(repr=False)
    """None for a key that localaws has not issued: its signatures cannot be verified."""
    session_token: str | None = field(repr=False)
    arn: str
    user_id: str
    policies: tuple[str, ...] | None = field(repr=False)
    """The documents of its identity policies; None for the root user, who may do everything."""

    def has_token(self, token: str | None) -> bool:
        """Whether a session token belongs to the access key."""
        if self.session_token is None:
            # The keys of the account work with any token, as in every service here.
            return token is None or self.policies is None
        if token is None:
            return False
        return hmac.compare_digest(self.session_token.encode(), token.encode())

    def may(self, action: str, resource: str, conditions: Mapping[str, list[str]]) -> bool:
        """Whether the policies allow an action: at least one statement does, and none denies it."""
        if self.policies is None:
            return True
        effects = set()
        for document in self.policies:
            for statement in _statements(document):
                if _applies(statement, action, resource) and are_met(
                    statement.get("Condition", {}), conditions
                ):
                    effects.add(statement["Effect"])
        return effects == {"Allow"}


def find_caller(context: Context, access_key: str) -> Caller | None:
    """The owner of an access key; None where the key is not active."""
    from moto.iam.models import iam_backends
    from moto.sts.models import sts_backends

    iam = iam_backends[ACCOUNT_ID][context.partition]
    role = sts_backends[ACCOUNT_ID][context.partition].get_assumed_role_from_access_key(access_key)
    if role is not None:
        name = role.role_arn.rpartition("/")[2]
        owners = [known for known in iam.roles.values() if known.name == name]
        return Caller(
            access_key, role.secret_access_key, role.session_token, role.arn, role.user_id,
            _documents(owners),
        )  # fmt: skip
    key = iam.access_keys.get(access_key)
    if key is None:
        secret = _KNOWN_SECRETS.get(access_key)
        return Caller(access_key, secret, None, context.root_arn, ACCOUNT_ID, None)
    if key.status != "Active":
        return None
    user = iam.get_user(key.user_name)
    owners = [user, *iam.get_groups_for_user(key.user_name)]
    return Caller(access_key, key.secret_access_key, None, user.arn, user.id, _documents(owners))


def _documents(owners: Iterable[Any]) -> tuple[str, ...]:
    """The identity policies of roles, users or groups, as moto keeps them."""
    found: list[str] = []
    for owner in owners:
        found += owner.policies.values()
        for policy in owner.managed_policies.values():
            found += [version.document for version in policy.versions if version.is_default]
    return tuple(found)


@lru_cache(maxsize=512)
def _statements(document: str) -> tuple[Mapping[str, Any], ...]:
    found = json.loads(document)["Statement"]
    return tuple(found) if isinstance(found, list) else (found,)


def _applies(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    return _names(statement, "Action", action.lower(), str.lower) and _names(
        statement, "Resource", resource, str
    )


def _names(statement: Mapping[str, Any], member: str, value: str, fold: Any) -> bool:
    for name, wanted in ((member, True), (f"Not{member}", False)):
        if name in statement:
            patterns = statement[name]
            patterns = [patterns] if isinstance(patterns, str) else patterns
            return any(_pattern(fold(p)).fullmatch(value) for p in patterns) is wanted
    return False


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(character) or re.escape(character) for character in text))
