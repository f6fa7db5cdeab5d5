"""JSON Web Tokens that are signed with RS256 (RFC 7519, RFC 7515, RFC 7517)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

ALGORITHM: Final = "RS256"
_EXPONENT: Final = 65537
_KEY_BITS: Final = 2048


class TokenError(ValueError):
    """The text is not a signed JSON Web Token."""


@dataclass(frozen=True)
class Token:
    """A token as it was received. Nothing of it is verified."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes

    @classmethod
    def parse(cls, text: str) -> Token:
        """Take a token apart.

        Raises:
            TokenError: the text does not have the form of a token.
        """
        try:
            signed, _, signature = text.rpartition(".")
            header, claims = (json.loads(_decode(part)) for part in signed.split("."))
            token = cls(header, claims, signed.encode("ascii"), _decode(signature))
        except (ValueError, binascii.Error) as error:
            raise TokenError(f"not a JSON Web Token: {error}") from error
        if not (isinstance(header, dict) and isinstance(claims, dict)):
            raise TokenError("not a JSON Web Token: its header and claims must be JSON objects")
        return token

    def is_signed_by(self, keys: Mapping[str, Any]) -> bool:
        """Whether a key of a JSON Web Key Set has signed this token with RS256."""
        if self.header.get("alg") != ALGORITHM:
            # A token must not choose a weaker algorithm, such as none.
            return False
        for key in keys.get("keys", ()):
            if key.get("kty") == "RSA" and key.get("kid") == self.header.get("kid"):
                try:
                    _public_key(key).verify(
                        self.signature, self.signed, padding.PKCS1v15(), SHA256()
                    )
                except InvalidSignature:
                    continue
                return True
        return False


class SigningKey:
    """An RSA key that signs tokens. It exists in memory only."""

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(_EXPONENT, _KEY_BITS)

    @cached_property
    def jwk(self) -> dict[str, str]:
        """The public key as a JSON Web Key."""
        numbers = self._key.public_key().public_numbers()
        modulus, exponent = _encode_number(numbers.n), _encode_number(numbers.e)
        key_id = hashlib.sha256(f"{modulus}.{exponent}".encode()).hexdigest()[:40].upper()
        return {
            "kty": "RSA", "alg": ALGORITHM, "use": "sig", "kid": key_id,
            "n": modulus, "e": exponent,
        }  # fmt: skip

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A token with these claims."""
        header = {"typ": "JWT", "alg": ALGORITHM, "kid": self.jwk["kid"]}
        signed = ".".join(_encode(json.dumps(part).encode()) for part in (header, claims))
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), SHA256())
        return f"{signed}.{_encode(signature)}"


def _public_key(key: Mapping[str, str]) -> rsa.RSAPublicKey:
    exponent, modulus = (int.from_bytes(_decode(key[name]), "big") for name in ("e", "n"))
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def _encode_number(number: int) -> str:
    return _encode(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
