"""The key of a signature of version 4, and the signature that it makes.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac


def sign(secret_key: str, time: str, scope: str, canonical_request: str) -> str:
    """The signature of a canonical request.

    Args:
        secret_key: of the signer.
        time: as it is signed.
        scope: date, region, service and ``aws4_request``, separated by slashes.
        canonical_request: the text of the request.
    """
    digest = hashlib.sha256(canonical_request.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{time}\n{scope}\n{digest}"
    key = f"AWS4{secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()
