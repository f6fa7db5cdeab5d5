"""The password for the registry: GetAuthorizationToken returns it, and the registry checks it."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

LIFETIME: Final = timedelta(hours=12)
USER: Final = "AWS"
EVERY_REGION: Final = "every region"
"""The region of the :class:`TokenKey` among the shared objects: one signs for all regions."""


class TokenKey:
    """What the passwords of one server are signed with."""

    def __init__(self) -> None:
        self.secret = secrets.token_bytes(32)


@dataclass(frozen=True)
class Token:
    """Whose registry a password opens, in which region, until when."""

    account_id: str
    region: str
    expires: datetime
    digest: str = ""
    """The only layer that it gives access to; empty for a password, which opens the registry."""

    def password(self, key: TokenKey) -> str:
        """The password, which nobody else can make."""
        claims = {"a": self.account_id, "r": self.region, "e": self.expires.timestamp()}
        claims |= {"d": self.digest} if self.digest else {}
        text = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()
        return f"{text}.{_signature(key, text)}"


def read_token(password: str, key: TokenKey) -> Token | None:
    """What a password says, or None when this server has not made it."""
    text, _, signature = password.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(key, text).encode()):
        return None
    claims = json.loads(base64.urlsafe_b64decode(text))
    expires = datetime.fromtimestamp(claims["e"], UTC)
    return Token(claims["a"], claims["r"], expires, claims.get("d", ""))


def read_basic(authorization: str) -> tuple[str, str] | None:
    """User and password of an Authorization header, or None when it is none of the scheme Basic."""
    scheme, _, value = authorization.partition(" ")
    try:
        user, separator, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if scheme.lower() == "basic" and separator else None


def _signature(key: TokenKey, text: str) -> str:
    return hmac.new(key.secret, text.encode(), "sha256").hexdigest()


def encode_basic(password: str) -> str:
    """User and password as GetAuthorizationToken and the scheme Basic encode them."""
    return base64.b64encode(f"{USER}:{password}".encode()).decode()
