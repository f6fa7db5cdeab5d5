"""Statements signed by a KMS key, in a DSSE envelope (https://github.com/secure-systems-lab/dsse).

KMS signs at most 4,096 bytes, so it gets the digest of what is signed. The key never leaves KMS; a signature
is verified with its public key, without a call to AWS for each statement.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from landing_zone.core.errors import OperatorError

PAYLOAD_TYPE = "application/vnd.in-toto+json"
ALGORITHM = "ECDSA_SHA_256"


@dataclass(frozen=True)
class PublicKey:
    """The public half of a key: its ARN and its DER."""

    arn: str
    der: bytes


def public_key(kms: Any, key: str) -> PublicKey:
    """The public key of a KMS key; one that does not sign with ECDSA is refused."""
    found = kms.get_public_key(KeyId=key)
    algorithms = found.get("SigningAlgorithms") or []
    if ALGORITHM not in algorithms:
        raise OperatorError(
            f"the key {key} signs with {', '.join(algorithms) or 'nothing'}; allowed: {ALGORITHM} "
            "(key spec ECC_NIST_P256, usage SIGN_VERIFY)"
        )
    return PublicKey(found["KeyId"], found["PublicKey"])


def sign(kms: Any, key: str, statement: Mapping[str, Any]) -> dict[str, Any]:
    """The envelope of a statement."""
    payload = json.dumps(statement, sort_keys=True, separators=(",", ":")).encode()
    answer = kms.sign(
        KeyId=key,
        Message=hashlib.sha256(encoded(PAYLOAD_TYPE, payload)).digest(),
        MessageType="DIGEST",
        SigningAlgorithm=ALGORITHM,
    )
    return {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [
            {"keyid": answer["KeyId"], "sig": base64.b64encode(answer["Signature"]).decode()}
        ],
    }


def verify(envelope: Mapping[str, Any], key: PublicKey) -> dict[str, Any]:
    """The statement of an envelope that this key has signed; anything else is refused."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    loaded = load_der_public_key(key.der)
    if not isinstance(loaded, ec.EllipticCurvePublicKey):
        raise OperatorError(
            f"the key {key.arn} is a {type(loaded).__name__}; allowed: an ECDSA key"
        )
    try:
        kind, payload = envelope["payloadType"], _decode(envelope["payload"])
        signatures = [_decode(one["sig"]) for one in envelope["signatures"]]
    except (KeyError, TypeError, ValueError) as error:
        raise OperatorError(f"the signature is no DSSE envelope: {error!r}") from error
    if kind != PAYLOAD_TYPE:
        raise OperatorError(f"the envelope holds {kind!r}; allowed: {PAYLOAD_TYPE}")
    for signature in signatures:
        try:
            loaded.verify(signature, encoded(kind, payload), ec.ECDSA(SHA256()))
        except InvalidSignature:
            continue
        statement = json.loads(payload)
        if not isinstance(statement, dict):
            raise OperatorError("the signed payload is no in-toto statement")
        return statement
    raise OperatorError(
        f"none of the {len(signatures)} signatures is of the key {key.arn}: the statement was changed "
        "after it was signed, or another key has signed it"
    )


def encoded(kind: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: what is really signed."""
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"{text[:40]!r} is no base64") from error
