"""The signature of a request to an API (Signature Version 4).

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, quote

SERVICE: Final = "execute-api"
_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_HEADER: Final = re.compile(
    rf"{_ALGORITHM}\s+Credential=(?P<key>[^/,\s]+)/(?P<date>\d{{8}})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request"
    r"\s*,\s*SignedHeaders=(?P<headers>[^,\s]+)\s*,\s*Signature=(?P<signature>[0-9a-f]{64})"
)
_TIME: Final = "%Y%m%dT%H%M%SZ"
_VALID: Final = timedelta(minutes=5)


class SignatureError(ValueError):
    """A request is not signed as it has to be; the text says what is wrong."""


@dataclass(frozen=True)
class Signature:
    """A signature as it was received. Only its form and its time are checked."""

    access_key: str
    region: str
    time: str
    signed_headers: tuple[str, ...]
    signature: str

    @classmethod
    def read(cls, headers: Mapping[str, str], region: str, now: datetime) -> Signature:
        """The signature in the headers of a request.

        Args:
            headers: the values by header name in lower case.
            region: of the API.
            now: the time in UTC.

        Raises:
            SignatureError: there is none, it is for something else, or it is too old.
        """
        found = _HEADER.fullmatch(headers.get("authorization", "").strip())
        if not found:
            raise SignatureError("Missing Authentication Token")
        if (found["service"], found["region"]) != (SERVICE, region):
            raise SignatureError(
                f"Credential should be scoped to the service {SERVICE} in {region}, but is for "
                f"{found['service']} in {found['region']}."
            )
        time = headers.get("x-amz-date", "")
        try:
            signed_at = datetime.strptime(time, _TIME).replace(tzinfo=UTC)
        except ValueError:
            raise SignatureError("Date must be in ISO-8601 'basic format' in x-amz-date") from None
        if found["date"] != time[:8] or abs(now - signed_at) > _VALID:
            raise SignatureError(f"Signature expired or not yet current: {time}")
        names = tuple(found["headers"].split(";"))
        unsigned = {n for n in headers if n.startswith("x-amz-")} | {"host"}
        if not unsigned <= set(names):
            raise SignatureError(
                f"These headers must be signed: {', '.join(sorted(unsigned - set(names)))}"
            )
        return cls(found["key"], found["region"], time, names, found["signature"])

    def is_made_with(
        self,
        secret_key: str,
        method: str,
        path: str,
        query_string: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> bool:
        """Whether the owner of a secret key has signed this request.

        Args:
            secret_key: the key.
            method: of the request.
            path: of the request, as it was sent.
            query_string: as it was sent.
            headers: the values by header name in lower case.
            body: of the request.
        """
        digest = hashlib.sha256(body).hexdigest()
        if headers.get("x-amz-content-sha256", digest) != digest:
            return False
        lines = [
            f"{name}:{' '.join(headers.get(name, '').split())}" for name in self.signed_headers
        ]
        signed = "\n".join([*lines, "", ";".join(self.signed_headers), digest])
        # The documentation wants each segment encoded once more than it was sent; curl leaves it as it is.
        return any(
            hmac.compare_digest(
                self._sign(secret_key, f"{method}\n{uri}\n{query}\n{signed}"), self.signature
            )
            for uri in {quote(path, safe="/-_.~"), path}
            for query in {_encoded(query_string), _sorted(query_string)}
        )

    def _sign(self, secret_key: str, canonical_request: str) -> str:
        scope = f"{self.time[:8]}/{self.region}/{SERVICE}/aws4_request"
        digest = hashlib.sha256(canonical_request.encode()).hexdigest()
        key = f"AWS4{secret_key}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        text = f"{_ALGORITHM}\n{self.time}\n{scope}\n{digest}"
        return hmac.digest(key, text.encode(), "sha256").hex()


def _encoded(query_string: str) -> str:
    pairs = parse_qsl(query_string, keep_blank_values=True)
    return "&".join(sorted(f"{quote(n, safe='-_.~')}={quote(v, safe='-_.~')}" for n, v in pairs))


def _sorted(query_string: str) -> str:
    pairs = [part.partition("=") for part in query_string.split("&") if part]
    return "&".join(f"{name}={value}" for name, _, value in sorted(pairs))
