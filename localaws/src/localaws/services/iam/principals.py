"""Who makes a request, and whether a policy names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final


class Named(IntEnum):
    """How the Principal element of a statement names the caller. A higher value is more direct."""

    NO = 0
    ACCOUNT = 1
    """By the account: an identity-based policy has to allow the request too."""
    ROLE = 2
    """By the ARN of the role: its permissions boundary and the session policies still limit the caller."""
    DIRECT = 3
    """By the ARN of the user or the session, as a service, or as everyone."""


@dataclass(frozen=True)
class Principal:
    """Who makes a request."""

    kind: str
    """root, user, session (an assumed role), federated, service or anonymous."""
    arn: str
    """As in GetCallerIdentity; the name of a service; empty for anonymous requests."""
    account: str
    user_id: str = ""
    role_arn: str = ""
    """The role of a session."""
    tags: Mapping[str, str] = field(default_factory=dict, compare=False)
    session_policies: Sequence[str] = field(default=(), compare=False)
    """The documents that were passed to AssumeRole."""
    source_arn: str = ""
    """The resource on whose behalf a service calls."""
    access_key: str = field(default="", compare=False)
    """With which the request is signed; empty for one that is not."""

    @property
    def policy_arn(self) -> str:
        """The value of aws:PrincipalArn: the role for a session, otherwise the ARN."""
        return self.role_arn or self.arn

    @property
    def account_arn(self) -> str:
        """The ARN by which policies name the account."""
        return f"arn:aws:iam::{self.account}:root"

    def parts(self) -> tuple[str, ...]:
        """The ARNs that NotPrincipal has to list, so that the caller is not meant."""
        if self.kind == "service":
            return (self.arn,)
        found = (self.arn, self.role_arn, self.account_arn)
        return tuple(dict.fromkeys(part for part in found if part))


ANONYMOUS: Final = Principal("anonymous", "", "")


def root(account: str) -> Principal:
    """The root user of an account."""
    return Principal("root", f"arn:aws:iam::{account}:root", account, account)


def service(name: str, account: str, source_arn: str = "") -> Principal:
    """A service that calls on behalf of a resource of an account."""
    return Principal("service", name, account, source_arn=source_arn)


def naming(element: Mapping[str, Sequence[str]], principal: Principal) -> Named:
    """How a Principal element names a caller, by its kinds of principals (AWS, Service, Federated)."""
    return max(
        (_naming(kind, value, principal) for kind, values in element.items() for value in values),
        default=Named.NO,
    )


def _naming(kind: str, value: str, principal: Principal) -> Named:
    if kind == "*" or (kind == "AWS" and value == "*"):
        return Named.DIRECT
    if kind == "Service":
        is_named = principal.kind == "service" and value == principal.arn
        return Named.DIRECT if is_named else Named.NO
    if kind == "Federated":
        is_named = principal.kind == "federated" and value == principal.arn
        return Named.DIRECT if is_named else Named.NO
    if kind != "AWS" or principal.kind in {"service", "anonymous", "federated"}:
        return Named.NO
    if value == principal.arn:
        return Named.DIRECT
    if value in {principal.account, principal.account_arn}:
        return Named.ACCOUNT
    return Named.ROLE if value == principal.role_arn else Named.NO


def is_excepted(element: Mapping[str, Sequence[str]], principal: Principal) -> bool:
    """Whether a NotPrincipal element lists every part of a caller: session, role and account.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
    """
    values = {value for values in element.values() for value in values}
    if "*" in values:
        return True
    listed = {*values, *(f"arn:aws:iam::{value}:root" for value in values if value.isdigit())}
    return bool(principal.parts()) and listed.issuperset(principal.parts())
