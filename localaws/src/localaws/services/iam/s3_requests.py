"""The actions of a request to S3.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from localaws.core.call import Call
from localaws.services.iam.authorization import Authorization

# By the name in the query of a bucket, the part of its actions after Get and Put.
_BUCKET: Final = {
    "accelerate": "AccelerateConfiguration",
    "acl": "BucketAcl",
    "analytics": "AnalyticsConfiguration",
    "cors": "BucketCORS",
    "encryption": "EncryptionConfiguration",
    "intelligent-tiering": "IntelligentTieringConfiguration",
    "inventory": "InventoryConfiguration",
    "lifecycle": "LifecycleConfiguration",
    "location": "BucketLocation",
    "logging": "BucketLogging",
    "metrics": "MetricsConfiguration",
    "notification": "BucketNotification",
    "object-lock": "BucketObjectLockConfiguration",
    "ownershipControls": "BucketOwnershipControls",
    "policy": "BucketPolicy",
    "policyStatus": "BucketPolicyStatus",
    "publicAccessBlock": "BucketPublicAccessBlock",
    "replication": "ReplicationConfiguration",
    "requestPayment": "BucketRequestPayment",
    "tagging": "BucketTagging",
    "versioning": "BucketVersioning",
    "website": "BucketWebsite",
}
# DELETE has actions of its own for these; the others are a Put of nothing.
_BUCKET_DELETE: Final = {"policy": "DeleteBucketPolicy", "website": "DeleteBucketWebsite"}
_OBJECT: Final = {
    "acl": "ObjectAcl",
    "legal-hold": "ObjectLegalHold",
    "retention": "ObjectRetention",
    "tagging": "ObjectTagging",
}


@dataclass(frozen=True)
class Place:
    """The bucket and the key that a request is about. Both may be empty."""

    bucket: str
    key: str

    @property
    def bucket_arn(self) -> str:
        """The ARN of the bucket."""
        return f"arn:aws:s3:::{self.bucket}"

    @property
    def object_arn(self) -> str:
        """The ARN of the object."""
        return f"{self.bucket_arn}/{self.key}"


def place_of(call: Call) -> Place:
    """The bucket and key in the path, or in the name of the host and the path."""
    path = unquote(call.path).removeprefix("/")
    host = call.headers.get("host", "").partition(":")[0]
    for suffix in (".localhost", ".s3.amazonaws.com", f".s3.{call.region}.amazonaws.com"):
        if host.endswith(suffix) and host != f"s3{suffix}":
            return Place(host.removesuffix(suffix).removesuffix(".s3"), path)
    bucket, _, key = path.partition("/")
    return Place(bucket, key)


def authorizations(call: Call) -> Sequence[Authorization] | None:
    """What a request to S3 needs; None for a request that is not known."""
    place = place_of(call)
    if not place.bucket:
        return [Authorization("s3:ListAllMyBuckets")]
    return _object_requests(call, place) if place.key else _bucket_requests(call, place)


def _bucket_requests(call: Call, place: Place) -> Sequence[Authorization] | None:
    method, query = call.method, call.query
    if method == "POST" and "delete" in query:
        return _deletions(call, place)
    if method == "POST":
        # An upload by a form of HTML, whose policy moto checks.
        return None
    action = _bucket_action(method, query.keys())
    return (
        None
        if action is None
        else [Authorization(f"s3:{action}", place.bucket_arn, _listing(call))]
    )


def _bucket_action(method: str, names: object) -> str | None:
    found = next((name for name in _BUCKET if name in names), None)  # type: ignore[operator]
    if found is not None:
        if method == "DELETE":
            return _BUCKET_DELETE.get(found, f"Put{_BUCKET[found]}")
        return {"GET": "Get", "PUT": "Put"}.get(method, "Get") + _BUCKET[found]
    if method in {"GET", "HEAD"}:
        if "versions" in names:  # type: ignore[operator]
            return "ListBucketVersions"
        return "ListBucketMultipartUploads" if "uploads" in names else "ListBucket"  # type: ignore[operator]
    return {"PUT": "CreateBucket", "DELETE": "DeleteBucket"}.get(method)


def _listing(call: Call) -> dict[str, Sequence[str]]:
    return {
        f"s3:{name}": [call.query[name]]
        for name in ("prefix", "delimiter", "max-keys")
        if name in call.query
    }


def _object_requests(call: Call, place: Place) -> Sequence[Authorization] | None:
    method, query = call.method, call.query
    version = "Version" if "versionId" in query else ""
    context = {"s3:versionid": [query["versionId"]]} if version else {}

    def one(action: str) -> list[Authorization]:
        return [Authorization(f"s3:{action}", place.object_arn, context)]

    found = next((name for name in _OBJECT if name in query), None)
    if found is not None:
        name = (
            _OBJECT[found].replace("Object", f"Object{version}", 1)
            if found in {"acl", "tagging"}
            else _OBJECT[found]
        )
        return one({"GET": "Get", "PUT": "Put", "DELETE": "Delete"}.get(method, "Get") + name)
    if method in {"GET", "HEAD"}:
        if "uploadId" in query:
            return one("ListMultipartUploadParts")
        more = one(f"GetObject{version}Attributes") if "attributes" in query else []
        return one(f"GetObject{version}") + more
    if method == "DELETE":
        return one("AbortMultipartUpload" if "uploadId" in query else f"DeleteObject{version}")
    if method == "POST":
        if "restore" in query:
            return one("RestoreObject")
        return one("GetObject" if "select" in query else "PutObject")
    return _put(call, place) if method == "PUT" else None


def _put(call: Call, place: Place) -> Sequence[Authorization]:
    headers = call.headers
    context = {
        key: [headers[key.partition(":")[2]]]
        for key in (
            "s3:x-amz-acl", "s3:x-amz-server-side-encryption",
            "s3:x-amz-server-side-encryption-aws-kms-key-id", "s3:x-amz-storage-class",
        )
        if key.partition(":")[2] in headers
    }  # fmt: skip
    needed = [Authorization("s3:PutObject", place.object_arn, context)]
    if "x-amz-tagging" in headers:
        needed.append(Authorization("s3:PutObjectTagging", place.object_arn))
    if "x-amz-acl" in headers and headers["x-amz-acl"] != "private":
        needed.append(Authorization("s3:PutObjectAcl", place.object_arn))
    source = unquote(headers.get("x-amz-copy-source", "")).removeprefix("/")
    if source:
        source, _, version = source.partition("?versionId=")
        action = "s3:GetObjectVersion" if version else "s3:GetObject"
        needed.insert(0, Authorization(action, f"arn:aws:s3:::{source}"))
    return needed


def _deletions(call: Call, place: Place) -> Sequence[Authorization] | None:
    try:
        # The body of a client of this machine, with at most 1,000 keys.
        document = ElementTree.fromstring(call.body.content())  # noqa: S314
    except ElementTree.ParseError:
        return None
    needed = []
    for element in document.iter():
        if element.tag.rpartition("}")[2] != "Object":
            continue
        values = {child.tag.rpartition("}")[2]: child.text or "" for child in element}
        action = "s3:DeleteObjectVersion" if values.get("VersionId") else "s3:DeleteObject"
        needed.append(Authorization(action, f"{place.bucket_arn}/{values.get('Key', '')}"))
    return needed
