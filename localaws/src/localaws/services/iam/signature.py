"""The signature of a request: version 4 in the header or in a URL, and version 2 in a URL of S3.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, quote, unquote

from localaws.core.call import Call
from localaws.core.sigv4 import sign

_CREDENTIAL = re.compile(
    r"(?P<key>[^/]+)/(?P<date>\d{8})/(?P<region>[^/]*)/(?P<service>[^/]+)/aws4_request"
)
_FIELD = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]+)")
_FORMAT: Final = "%Y%m%dT%H%M%SZ"
_SKEW: Final = timedelta(minutes=15)
# https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
_V2_QUERY: Final = frozenset(
    {
        "acl", "delete", "lifecycle", "location", "logging", "notification", "partNumber", "policy",
        "requestPayment", "response-cache-control", "response-content-disposition",
        "response-content-encoding", "response-content-language", "response-content-type",
        "response-expires", "restore", "select", "select-type", "tagging", "torrent", "uploadId", "uploads",
        "versionId", "versioning", "versions", "website",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Signature:
    """What a request says about its signer."""

    access_key: str
    token: str
    """The session token; empty for keys that have none."""
    signature: str
    scope: str
    """Date, region and service of version 4; empty for version 2."""
    signed_headers: tuple[str, ...]
    time: datetime | None
    """When the request was signed; None where it does not say."""
    expires: datetime | None
    """Until when a URL may be used; None for a signature in the header."""
    is_url: bool

    @classmethod
    def read(cls, call: Call) -> Signature | None:
        """The signature of a request; None where it has none.

        Raises:
            ValueError: the signature is not complete.
        """
        header = call.headers.get("authorization", "")
        if header.startswith("AWS4-HMAC-SHA256"):
            fields = dict(_FIELD.findall(header))
            date = call.headers.get("x-amz-date", "")
            token = call.headers.get("x-amz-security-token", "")
            found = cls._version_4(fields, date, token, expires="")
            required = {"host", *(name for name in call.headers if name.startswith("x-amz-"))}
            unsigned = sorted(required.difference(found.signed_headers))
            if unsigned:
                raise ValueError(f"These headers must be signed: {', '.join(unsigned)}")
            return found
        query = call.query
        if query.get("X-Amz-Algorithm") == "AWS4-HMAC-SHA256":
            fields = {
                name: query.get(f"X-Amz-{name}", "")
                for name in ("Credential", "SignedHeaders", "Signature")
            }
            token = query.get("X-Amz-Security-Token", "")
            return cls._version_4(
                fields, query.get("X-Amz-Date", ""), token, query.get("X-Amz-Expires", "")
            )
        if {"AWSAccessKeyId", "Signature", "Expires"} <= query.keys():
            token = query.get("x-amz-security-token", "")
            until = datetime.fromtimestamp(int(query["Expires"]), UTC)
            return cls(
                query["AWSAccessKeyId"], token, query["Signature"], "", (), None, until, True
            )
        return None

    @classmethod
    def _version_4(
        cls, fields: Mapping[str, str], date: str, token: str, expires: str
    ) -> Signature:
        found = _CREDENTIAL.fullmatch(unquote(fields.get("Credential", "")))
        if found is None or not {"SignedHeaders", "Signature"} <= fields.keys():
            raise ValueError("The Credential, SignedHeaders or Signature of the request is missing")
        time = datetime.strptime(date, _FORMAT).replace(tzinfo=UTC)
        until = time + timedelta(seconds=int(expires)) if expires else None
        scope = "/".join(found.group("date", "region", "service")) + "/aws4_request"
        headers = tuple(fields["SignedHeaders"].split(";"))
        return cls(
            found["key"], token, fields["Signature"], scope, headers, time, until, bool(expires)
        )

    def is_current(self, now: datetime) -> bool:
        """Whether the request was signed within a quarter of an hour, or the URL has not expired."""
        if self.expires is not None:
            return now <= self.expires
        return self.time is not None and abs(now - self.time) <= _SKEW

    def is_made_with(self, secret: str, call: Call) -> bool:
        """Whether the owner of a secret key has signed a request."""
        expected = self._expected(secret, call) if self.scope else _version_2(secret, call, self)
        return hmac.compare_digest(expected.encode(), self.signature.encode())

    def _expected(self, secret: str, call: Call) -> str:
        assert self.time is not None
        time = self.time.strftime(_FORMAT)
        return sign(secret, time, self.scope, self._canonical_request(call))

    def _canonical_request(self, call: Call) -> str:
        is_s3 = self.scope.split("/")[2] in {"s3", "s3express"}
        # S3 signs the path as it is sent; all other services encode it once more.
        path = quote(unquote(call.path), safe="/-_.~") if is_s3 else quote(call.path, safe="/-_.~")
        headers = "".join(
            f"{name}:{_trimmed(call.headers.get(name, ''))}\n" for name in self.signed_headers
        )
        if is_s3:
            payload = call.headers.get("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
        else:
            payload = hashlib.sha256(call.body.content()).hexdigest()
        return "\n".join(
            (
                call.method,
                path or "/",
                _query(call),
                headers,
                ";".join(self.signed_headers),
                payload,
            )
        )


def _version_2(secret: str, call: Call, signature: Signature) -> str:
    assert signature.expires is not None
    values = [
        f"{name}={value}" if value else name
        for name, value in sorted(call.query.items())
        if name in _V2_QUERY
    ]
    amz = sorted(
        (name, value)
        for name, value in [*call.headers.items(), *call.query.items()]
        if name.startswith("x-amz-")
    )
    headers = "".join(f"{name}:{value}\n" for name, value in amz)
    resource = call.path + ("?" + "&".join(values) if values else "")
    text = "\n".join(
        (
            call.method,
            call.headers.get("content-md5", ""),
            call.headers.get("content-type", ""),
            str(int(signature.expires.timestamp())),
            headers + resource,
        )
    )
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha1")).decode()


def _query(call: Call) -> str:
    pairs = [
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in parse_qsl(call.query_string, keep_blank_values=True)
        if name != "X-Amz-Signature"
    ]
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _trimmed(value: str) -> str:
    return " ".join(value.split())
