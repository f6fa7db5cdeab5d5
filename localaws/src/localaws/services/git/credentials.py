"""Who uses a repository of CodeCommit: the identity behind a user name and a password."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from localaws.core.context import ACCOUNT_ID, Context
from localaws.services.git.signature import GitSignature, password, signed_url, user_name

SERVICE: Final = "codecommit.amazonaws.com"
_GLOBAL: Final = "aws-global"


class CredentialsError(Exception):
    """The client may not use the repository. Git shows the text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class Identity:
    """Who asks."""

    arn: str
    region: str | None = None
    """The region that the client has signed for; None where its credentials do not say."""


@dataclass
class GitCredential:
    """A user name and password of an IAM user for CodeCommit: a service-specific credential."""

    id: str
    user: str
    """The name of the IAM user."""
    user_name: str
    created: datetime
    digest: str = field(repr=False)
    status: str = "Active"


class GitCredentials:
    """The Git credentials of the IAM users of the account. Passwords are not kept, only their digests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._credentials: dict[str, GitCredential] = {}

    def create(self, user: str, now: datetime) -> tuple[GitCredential, str]:
        """A new credential and its password, which is not shown again."""
        password = secrets.token_urlsafe(32)
        with self._lock:
            number = 1 + sum(known.user == user for known in self._credentials.values())
            names = {known.user_name for known in self._credentials.values()}
            name = f"{user}-at-{ACCOUNT_ID}"
            while name in names:
                number += 1
                name = f"{user}+{number}-at-{ACCOUNT_ID}"
            created = GitCredential(
                f"ACCA{secrets.token_hex(8).upper()}", user, name, now, _digest(password)
            )
            self._credentials[created.id] = created
        return created, password

    def of(self, user: str) -> list[GitCredential]:
        """The credentials of an IAM user, oldest first."""
        with self._lock:
            return [known for known in self._credentials.values() if known.user == user]

    def find(self, credential_id: str) -> GitCredential | None:
        """A credential by its id."""
        with self._lock:
            return self._credentials.get(credential_id)

    def reset(self, credential_id: str) -> str:
        """Give a credential a new password, which is returned."""
        password = secrets.token_urlsafe(32)
        with self._lock:
            self._credentials[credential_id].digest = _digest(password)
        return password

    def delete(self, credential_id: str) -> None:
        """Remove a credential."""
        with self._lock:
            self._credentials.pop(credential_id, None)

    def verify(self, user_name: str, password: str) -> GitCredential | None:
        """The active credential with this user name and password."""
        with self._lock:
            for known in self._credentials.values():
                if (known.user_name, known.status) == (user_name, "Active"):
                    matches = hmac.compare_digest(known.digest, _digest(password))
                    return known if matches else None
        return None


def git_credentials(context: Context) -> GitCredentials:
    """The credentials of the account, from the context of any region."""
    return context.shared_objects.get(GitCredentials, ACCOUNT_ID, _GLOBAL)


def identify(
    context: Context, authorization: str, host: str, path: str, regions: Sequence[str]
) -> Identity:
    """Who sends a request, by its Basic authorization.

    Args:
        context: of any region.
        authorization: the header.
        host: the host that the client has used.
        path: the path of the repository, which is signed.
        regions: the regions for which it may be signed.

    Raises:
        CredentialsError: there are no credentials, or they are wrong.
    """
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise CredentialsError(
            401,
            "CodeCommit needs credentials: use git-remote-codecommit, or the user name and password of "
            "iam create-service-specific-credential.",
        )
    try:
        user_name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise CredentialsError(
            403, "The credentials in the header Authorization are not Base64."
        ) from None
    signature = GitSignature.read(password)
    if signature is None:
        credential = git_credentials(context).verify(user_name, password)
        if credential is None:
            raise CredentialsError(
                403,
                f"The user name {user_name!r} is not known, not active, or has another password.",
            )
        prefix = f"arn:{context.partition}:iam::{context.account_id}"
        return Identity(f"{prefix}:user/{credential.user}")
    if not signature.is_current(datetime.now(UTC)):
        raise CredentialsError(
            403,
            f"The signature of {signature.time:%Y-%m-%dT%H:%M:%SZ} has expired: it is valid for 15 minutes.",
        )
    return _signer(context, user_name, signature, host, path, regions)


def _signer(
    context: Context,
    user_name: str,
    signature: GitSignature,
    host: str,
    path: str,
    regions: Sequence[str],
) -> Identity:
    access_key, _, token = user_name.partition("%")
    known = _issued_key(context, access_key)
    if known is None:
        # As everywhere in localaws, a key that it has not issued is one of the account itself. Its secret is
        # not known, so there is nothing to compare.
        return Identity(context.root_arn)
    if known.token is not None and not hmac.compare_digest(known.token, token):
        raise CredentialsError(
            403, f"The session token is not that of the access key {access_key}."
        )
    if not regions:
        # There is no repository of this name, which the caller reports.
        return Identity(known.arn)
    for region in regions:
        if signature.is_made_with(known.secret, host, path, region):
            return Identity(known.arn, region)
    raise CredentialsError(
        403,
        f"The signature of the access key {access_key} is wrong. It has to be one of GIT {path} on the host "
        f"{host}, for the region of the repository and with the secret key.",
    )


@dataclass(frozen=True)
class _Key:
    secret: str = field(repr=False)
    arn: str
    token: str | None = field(default=None, repr=False)


def _issued_key(context: Context, access_key: str) -> _Key | None:
    """An access key of an IAM user, or of an assumed role. moto keeps both."""
    from moto.iam.models import iam_backends
    from moto.sts.models import sts_backends

    role = sts_backends[context.account_id][context.partition].get_assumed_role_from_access_key(
        access_key
    )
    if role:
        return _Key(role.secret_access_key, role.arn, role.session_token)
    key = iam_backends[context.account_id][context.partition].access_keys.get(access_key)
    if key is None:
        return None
    arn = f"arn:{context.partition}:iam::{context.account_id}:user/{key.user_name}"
    return _Key(key.secret_access_key, arn)


def _digest(password: str) -> str:
    # Random passwords of 256 bits: nothing to guess, so a slow hash would protect from nothing.
    return hashlib.sha256(password.encode()).hexdigest()


def signed_clone_url(context: Context, clone_url: str, role_arn: str | None = None) -> str:
    """The URL of a repository of CodeCommit with credentials in it, valid for 15 minutes.

    Args:
        context: of the repository's region.
        clone_url: ``Repository.clone_url``. One that needs no credentials is returned as it is.
        role_arn: the role whose credentials are used; None for those of the account.
    """
    parts = urlsplit(clone_url)
    if not parts.path.startswith("/v1/repos/"):
        return clone_url
    keys = context.environment(role_arn)
    secret = password(
        keys["AWS_SECRET_ACCESS_KEY"], datetime.now(UTC), parts.netloc, parts.path, context.region
    )
    user = user_name(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SESSION_TOKEN"])
    return signed_url(clone_url, user, secret)
