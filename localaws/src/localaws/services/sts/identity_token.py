"""What STS checks of a token before it looks at the role."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from localaws.core.context import Context
from localaws.core.errors import AwsError
from localaws.core.jwt import Token, TokenError
from localaws.core.openid import key_set
from localaws.services.github.issuer import ISSUER, PATH

_log = logging.getLogger(__name__)
_MALFORMED: Final = (
    "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
)
_NO_KEY: Final = (
    "Couldn't retrieve verification key from your identity provider, please reference "
    "AssumeRoleWithWebIdentity documentation for requirements"
)
_TIMEOUT_SECONDS: Final = 5


_FORBIDDEN: Final = frozenset({"AccessDenied", "IDPRejectedClaim"})


class RefusedTokenError(AwsError):
    """A token that STS does not accept, or that does not open a role."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message, 403 if code in _FORBIDDEN else 400)


@dataclass(frozen=True)
class OidcProvider:
    """An OpenID Connect provider that is registered in IAM."""

    arn: str
    client_ids: Collection[str]


class TokenVerifier:
    """Checks tokens against the registered providers."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def verify(self, text: str, providers: Mapping[str, OidcProvider]) -> Token:
        """The token, when everything about it holds.

        Args:
            text: the token as it was sent.
            providers: the registered providers by their URL without https://.

        Raises:
            RefusedTokenError: the first check that does not hold.
        """
        try:
            token = Token.parse(text)
        except TokenError as error:
            raise RefusedTokenError("InvalidIdentityToken", _MALFORMED) from error
        issuer = str(token.claims.get("iss", ""))
        provider = providers.get(issuer.removeprefix("https://"))
        if provider is None or not issuer.startswith("https://"):
            raise RefusedTokenError(
                "InvalidIdentityToken",
                f"No OpenIDConnect provider found in your account for {issuer}",
            )
        if not token.is_signed_by(self._keys(issuer)):
            raise RefusedTokenError(
                "InvalidIdentityToken", "Provided Token's signature could not be verified"
            )
        audience = token.claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if not set(map(str, audiences)) & set(provider.client_ids):
            raise RefusedTokenError("InvalidIdentityToken", "Incorrect token audience")
        self._check_times(token)
        if not token.claims.get("sub"):
            raise RefusedTokenError("InvalidIdentityToken", "Missing a required claim: sub")
        return token

    def _check_times(self, token: Token) -> None:
        now = int(self._context.clock.now().timestamp())
        times: dict[str, int] = {}
        for name in ("exp", "iat"):
            if not isinstance(token.claims.get(name), int | float):
                raise RefusedTokenError("InvalidIdentityToken", f"Missing a required claim: {name}")
        for name in ("exp", "iat", "nbf"):
            # A token without nbf may be used from the time at which it was issued.
            value = token.claims.get(name, token.claims["iat"])
            if not isinstance(value, int | float):
                raise RefusedTokenError("InvalidIdentityToken", f"The claim {name} is not a time")
            times[name] = int(value)
        if times["exp"] <= now:
            raise RefusedTokenError(
                "ExpiredTokenException",
                f"Token expired: current date/time {now} must be before the expiration date/time "
                f"{times['exp']}",
            )
        for name in ("nbf", "iat"):
            if times[name] > now:
                raise RefusedTokenError(
                    "IDPRejectedClaim",
                    f"Token not yet valid: current date/time {now} must not be before {name} "
                    f"{times[name]}",
                )

    def _keys(self, issuer: str) -> Mapping[str, Any]:
        """The issuer's keys. localaws asks no server outside of this machine, so it knows GitHub's only."""
        if issuer != ISSUER:
            raise RefusedTokenError("InvalidIdentityToken", _NO_KEY)
        url = f"{self._context.endpoint_url}{PATH}"
        try:
            return key_set(url, _TIMEOUT_SECONDS)
        except (OSError, ValueError, KeyError) as error:
            _log.warning("%s did not answer: %s", url, error)
            raise RefusedTokenError("InvalidIdentityToken", _NO_KEY) from error
