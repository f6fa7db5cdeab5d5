"""Sign and Verify with MessageType DIGEST, and AWS's answers to what does not verify.

moto hashes every message, a digest too, so that the signature verifies nowhere else. Its keys ask one method
for the hash of their algorithm; while a request with a digest is answered, that method says "already hashed".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from moto.core.exceptions import JsonRESTError

_is_digest: ContextVar[bool] = ContextVar("is_digest", default=False)
_BYTES = {"SHA_256": 32, "SHA_384": 48, "SHA_512": 64}


class InvalidSignatureError(JsonRESTError):  # type: ignore[misc]
    """The signature is not the key's, or not of this message."""

    def __init__(self) -> None:
        super().__init__("KMSInvalidSignatureException", "")


def sign(original: Callable[[Any], str]) -> Callable[[Any], str]:
    """Replaces KmsResponse.sign."""

    def answer(response: Any) -> str:
        with _message_of(response):
            return original(response)

    return answer


def verify(original: Callable[[Any], str]) -> Callable[[Any], str]:
    """Replaces KmsResponse.verify. AWS answers with an error where moto says ``SignatureValid: false``."""

    def answer(response: Any) -> str:
        with _message_of(response):
            body = original(response)
        if not json.loads(body)["SignatureValid"]:
            raise InvalidSignatureError
        return body

    return answer


def ecdsa_hash(original: Callable[..., Any]) -> Callable[..., Any]:
    """Replaces the method of moto's ECDSA keys that names the hash of an algorithm."""

    def hash_algorithm(key: Any, signing_algorithm: str) -> Any:
        found = original(key, signing_algorithm)
        return Prehashed(found) if _is_digest.get() else found

    return hash_algorithm


def rsa_padding_and_hash(original: Callable[..., Any]) -> Callable[..., Any]:
    """Replaces the method of moto's RSA keys that names the padding and the hash of an algorithm."""

    def padding_and_hash(key: Any, signing_algorithm: str) -> Any:
        padding, found = original(key, signing_algorithm)
        return padding, Prehashed(found) if _is_digest.get() else found

    return padding_and_hash


@contextmanager
def _message_of(response: Any) -> Iterator[None]:
    """While a request is answered: whether its message is a digest. One of a wrong length is refused."""
    kind = response._get_param("MessageType") or "RAW"
    token = _is_digest.set(kind == "DIGEST")
    try:
        if kind == "DIGEST":
            algorithm = str(response._get_param("SigningAlgorithm"))
            expected = next(
                (size for name, size in _BYTES.items() if algorithm.endswith(name)), None
            )
            if expected and len(_bytes(response._get_param("Message"))) != expected:
                raise JsonRESTError(
                    "ValidationException", f"Digest is invalid length for algorithm {algorithm}."
                )
        yield
    finally:
        _is_digest.reset(token)


def _bytes(message: str | bytes) -> bytes:
    return message if isinstance(message, bytes) else base64.b64decode(message)
