"""Who may ask for tokens, and the tokens."""

from __future__ import annotations

import secrets
import threading
import uuid
from typing import Any, Final

from localaws.core.clock import Clock
from localaws.core.errors import AwsError
from localaws.core.jwt import ALGORITHM, SigningKey
from localaws.services.github.claims import Job

ISSUER: Final = "https://token.actions.githubusercontent.com"
PATH: Final = "/_github/oidc/"
"""Where localaws answers what GitHub answers below the address of the issuer."""
# As GitHub dates its tokens.
_VALID_BEFORE_SECONDS: Final = 600
_VALID_SECONDS: Final = 300


class TokenIssuer:
    """Signs the tokens of registered jobs. The key lives as long as the server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._key = SigningKey()
        self._jobs: dict[str, Job] = {}

    def register(self, job: Job) -> str:
        """Let a job ask for tokens; returns the secret with which it does."""
        secret = secrets.token_urlsafe(32)
        with self._lock:
            self._jobs[secret] = job
        return secret

    def mint(self, secret: str, audience: str, clock: Clock) -> str:
        """A token for the job that has this secret.

        Args:
            secret: what :meth:`register` has returned.
            audience: the claim ``aud``; empty for GitHub's default, the address of the owner.
            clock: dates the token.

        Raises:
            AwsError: no job has this secret.
        """
        with self._lock:
            job = self._jobs.get(secret)
        if job is None:
            raise AwsError(
                "UnauthorizedException",
                "No job has this request token. A job gets one with `permissions: id-token: write`.",
                401,
            )
        now = int(clock.now().timestamp())
        return self._key.sign(
            {
                **job.claims(),
                "jti": str(uuid.uuid4()),
                "iss": ISSUER,
                "aud": audience or f"https://github.com/{job.owner}",
                "iat": now,
                "nbf": now - _VALID_BEFORE_SECONDS,
                "exp": now + _VALID_SECONDS,
            }
        )

    def key_set(self) -> dict[str, Any]:
        """The public keys as a JSON Web Key Set."""
        return {"keys": [self._key.jwk]}


def configuration(endpoint_url: str) -> dict[str, Any]:
    """The answer of /.well-known/openid-configuration. The keys are where localaws answers."""
    return {
        "issuer": ISSUER,
        "jwks_uri": f"{endpoint_url}{PATH}.well-known/jwks",
        "subject_types_supported": ["public", "pairwise"],
        "response_types_supported": ["id_token"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "scopes_supported": ["openid"],
    }
