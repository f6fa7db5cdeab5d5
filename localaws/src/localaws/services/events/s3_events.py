"""The events of S3, as a bucket with EventBridge notifications sends them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Collection
from typing import Any

# moto's name of what happened -> detail-type and reason (the API call).
_KINDS = {
    "s3:ObjectCreated:Put": ("Object Created", "PutObject"),
    "s3:ObjectCreated:Post": ("Object Created", "POST Object"),
    "s3:ObjectCreated:Copy": ("Object Created", "CopyObject"),
    "s3:ObjectCreated:CompleteMultipartUpload": ("Object Created", "CompleteMultipartUpload"),
    "s3:ObjectRemoved:Delete": ("Object Deleted", "DeleteObject"),
    "s3:ObjectRemoved:DeleteMarkerCreated": ("Object Deleted", "DeleteObject"),
    "s3:ObjectTagging:Put": ("Object Tags Added", "PutObjectTagging"),
    "s3:ObjectTagging:Delete": ("Object Tags Deleted", "DeleteObjectTagging"),
    "s3:ObjectAcl:Put": ("Object ACL Updated", "PutObjectAcl"),
}
_sequence = itertools.count(1)


def is_side_effect(event_name: str, query: Collection[str]) -> bool:
    """Whether moto tells of a part of a request as if it were a change of its own.

    It writes the tags and the ACL of a new object, and the object of a completed upload, by the calls that
    serve requests of their own. AWS sends one event a request.

    Args:
        event_name: moto's name of what happened.
        query: names of the request's query parameters, which tell S3's operations apart.
    """
    if event_name.startswith("s3:ObjectTagging:"):
        return "tagging" not in query
    if event_name == "s3:ObjectAcl:Put":
        return "acl" not in query
    return event_name in {"s3:ObjectCreated:Put", "s3:ObjectCreated:Post"} and "uploadId" in query


def s3_event(account_id: str, event_name: str, bucket: Any, key: Any) -> dict[str, Any] | None:
    """The event of a change to an object; None for a change that S3 does not tell EventBridge."""
    if event_name not in _KINDS or key is None:
        return None
    detail_type, reason = _KINDS[event_name]
    described: dict[str, Any] = {"key": key.name}
    if detail_type == "Object Created":
        described["size"] = key.size
    if detail_type != "Object Deleted":
        described["etag"] = key.etag.replace('"', "")
    if bucket.is_versioned and key.version_id:
        described["version-id"] = str(key.version_id)
    if detail_type in {"Object Created", "Object Deleted"}:
        described["sequencer"] = _sequencer()
    detail: dict[str, Any] = {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": described,
        "request-id": uuid.uuid4().hex[:16].upper(),
        "requester": account_id,
        "source-ip-address": "127.0.0.1",
        "reason": reason,
    }
    if detail_type == "Object Deleted":
        marker = event_name.endswith("DeleteMarkerCreated")
        detail["deletion-type"] = "Delete Marker Created" if marker else "Permanently Deleted"
    return {
        "source": "aws.s3",
        "detail-type": detail_type,
        "resources": [bucket.arn],
        "detail": detail,
    }


def _sequencer() -> str:
    # Hexadecimal, and greater for the later of two events of one key.
    return f"{time.time_ns() // 1000:014X}{next(_sequence) % 256:02X}"
