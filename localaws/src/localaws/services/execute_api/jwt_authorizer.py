"""JSON Web Tokens as the authorization of a route.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from localaws.core.context import Context
from localaws.core.jwt import Token, TokenError
from localaws.core.openid import key_set
from localaws.services.execute_api import identity_source
from localaws.services.execute_api.request import RefusedError, Request

_TIMEOUT_SECONDS: Final = 1.5
# "API Gateway can cache the public key for two hours."
_KEPT_SECONDS: Final = 7200.0


class _InvalidTokenError(Exception):
    pass


@dataclass(frozen=True)
class _Keys:
    key_set: Mapping[str, Any]
    fetched: float


class JwtAuthorizer:
    """Checks tokens with the keys of their issuers."""

    def __init__(self, context_of: Callable[[str], Context]) -> None:
        self._context_of = context_of
        self._lock = threading.Lock()
        self._keys: dict[str, _Keys] = {}

    def check(self, request: Request, authorizer: Mapping[str, Any]) -> None:
        """Let a request pass whose token is valid and has one of the scopes of the route.

        Raises:
            RefusedError: 401 for a token that is missing or not valid, 403 for one without a scope.
        """
        assert request.match is not None
        given = identity_source.values(request, authorizer["IdentitySource"])
        if given is None:
            raise _unauthorized(request, "Bearer", "there is no token")
        scheme, _, rest = given[0].partition(" ")
        text = rest.strip() if scheme.lower() == "bearer" else given[0]
        wanted = list(request.match.route.get("AuthorizationScopes") or [])
        try:
            token = self._verified(request, text, authorizer["JwtConfiguration"])
        except _InvalidTokenError as error:
            challenge = _challenge(wanted, "invalid_token", str(error))
            raise _unauthorized(request, challenge, str(error)) from error
        scopes = _scopes(token.claims)
        if wanted and not set(wanted) & set(scopes):
            reason = "the token does not have a required scope"
            request.log["authorizer.error"] = reason
            headers = {"www-authenticate": _challenge(wanted, "insufficient_scope", reason)}
            raise RefusedError(403, "Forbidden", reason, headers, kind="ACCESS_DENIED")
        request.authorizer["jwt"] = {
            "claims": {name: _text(value) for name, value in token.claims.items()},
            "scopes": scopes if wanted else None,
        }

    def _verified(self, request: Request, text: str, configuration: Mapping[str, Any]) -> Token:
        try:
            token = Token.parse(text)
        except TokenError as error:
            raise _InvalidTokenError("the token is malformed") from error
        issuer = configuration["Issuer"]
        if token.claims.get("iss") != issuer:
            raise _InvalidTokenError("the token does not have a valid issuer")
        self._check_audience(token, configuration["Audience"])
        self._check_times(token, int(self._clock(request).now().timestamp()))
        if not token.is_signed_by(self._key_set(request, issuer, token.header.get("kid"))):
            raise _InvalidTokenError("the token signature is not valid")
        return token

    def _clock(self, request: Request) -> Any:
        return self._context_of(request.api.region).clock

    @staticmethod
    def _check_audience(token: Token, allowed: list[str]) -> None:
        # Tokens of Cognito that are for access have client_id and no aud.
        given = token.claims.get("aud", token.claims.get("client_id"))
        if not set(given if isinstance(given, list) else [given]) & set(allowed):
            raise _InvalidTokenError("the token does not have a valid audience")

    @staticmethod
    def _check_times(token: Token, now: int) -> None:
        times = {name: token.claims.get(name) for name in ("exp", "nbf", "iat")}
        for name, value in times.items():
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not is_number and (value is not None or name == "exp"):
                raise _InvalidTokenError(f"the token does not have a valid {name}")
        if times["exp"] <= now:  # type: ignore[operator]  # a number, as checked above
            raise _InvalidTokenError("the token has expired")
        if any(times[name] is not None and times[name] > now for name in ("nbf", "iat")):  # type: ignore[operator]
            raise _InvalidTokenError("the token is not valid yet")

    def _key_set(self, request: Request, issuer: str, key_id: Any) -> Mapping[str, Any]:
        now = self._clock(request).monotonic()
        with self._lock:
            known = self._keys.get(issuer)
        if (
            known is not None
            and now - known.fetched < _KEPT_SECONDS
            and _has(known.key_set, key_id)
        ):
            return known.key_set
        try:
            found = key_set(issuer, _TIMEOUT_SECONDS)
        except (OSError, ValueError, KeyError) as error:
            raise _InvalidTokenError("OIDC discovery endpoint communication error") from error
        with self._lock:
            self._keys[issuer] = _Keys(found, now)
        return found


def _has(key_set: Mapping[str, Any], key_id: Any) -> bool:
    return any(key.get("kid") == key_id for key in key_set.get("keys", ()))


def _scopes(claims: Mapping[str, Any]) -> list[str]:
    found = claims.get("scope", claims.get("scp", ""))
    return [str(scope) for scope in found] if isinstance(found, list) else str(found).split()


def _text(value: Any) -> str:
    """A claim as API Gateway hands it on: everything is text."""
    if isinstance(value, list):
        return f"[{' '.join(map(_text, value))}]"
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))


def _challenge(scopes: list[str], error: str, description: str) -> str:
    return f'Bearer scope="{" ".join(scopes)}" error="{error}" error_description="{description}"'


def _unauthorized(request: Request, challenge: str, reason: str) -> RefusedError:
    request.log["authorizer.error"] = reason
    headers = {"www-authenticate": challenge}
    return RefusedError(401, "Unauthorized", reason, headers, kind="UNAUTHORIZED")
