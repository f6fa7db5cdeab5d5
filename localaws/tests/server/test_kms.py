"""KMS signs messages and digests as AWS does: what it signs verifies offline with the public key."""

from __future__ import annotations

import hashlib

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

MESSAGE = b"what was built"
DIGEST = hashlib.sha256(MESSAGE).digest()
ALGORITHMS = {"ECC_NIST_P256": "ECDSA_SHA_256", "RSA_2048": "RSASSA_PKCS1_V1_5_SHA_256"}


@pytest.fixture
def kms(localaws):
    return localaws.client("kms")


def key_of(kms, spec: str) -> str:
    return kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]


def error_of(call) -> tuple[str, str]:
    with pytest.raises(ClientError) as raised:
        call()
    error = raised.value.response["Error"]
    return error["Code"], error.get("Message", "")


@pytest.mark.parametrize("spec", ALGORITHMS)
@pytest.mark.parametrize("sent", [("RAW", MESSAGE), ("DIGEST", DIGEST)], ids=lambda sent: sent[0])
def test_a_signed_digest_verifies_with_the_public_key(kms, spec, sent):
    key, (kind, message), algorithm = key_of(kms, spec), sent, ALGORITHMS[spec]
    call = {"KeyId": key, "Message": message, "MessageType": kind, "SigningAlgorithm": algorithm}
    signature = kms.sign(**call)["Signature"]
    public = load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])

    if isinstance(public, ec.EllipticCurvePublicKey):
        public.verify(signature, MESSAGE, ec.ECDSA(SHA256()))
    else:
        public.verify(signature, MESSAGE, padding.PKCS1v15(), SHA256())
    assert kms.verify(**call, Signature=signature)["SignatureValid"] is True


def test_a_wrong_signature_is_an_error(kms):
    key = key_of(kms, "ECC_NIST_P256")
    call = {"KeyId": key, "MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256"}
    signature = kms.sign(**call, Message=DIGEST)["Signature"]
    other = hashlib.sha256(b"something else").digest()

    code, _ = error_of(lambda: kms.verify(**call, Message=other, Signature=signature))

    assert code == "KMSInvalidSignatureException"


def test_a_digest_of_another_length_is_refused(kms):
    key = key_of(kms, "ECC_NIST_P256")

    found = error_of(
        lambda: kms.sign(
            KeyId=key, Message=b"short", MessageType="DIGEST", SigningAlgorithm="ECDSA_SHA_256"
        )
    )

    assert found == (
        "ValidationException",
        "Digest is invalid length for algorithm ECDSA_SHA_256.",
    )
