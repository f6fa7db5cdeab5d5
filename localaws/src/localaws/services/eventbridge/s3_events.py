"""The events that a bucket with EventBridge notifications sends.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

from __future__ import annotations

import itertools
import logging
import time
import uuid
from collections.abc import Collection
from typing import Any

from flask import has_request_context, request

from localaws.services.eventbridge import bus

_log = logging.getLogger(__name__)
# moto's name of an event -> its detail-type and its reason, which is the API call.
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


def publish_s3_event(account_id: str, bucket: Any, event_name: str, key: Any) -> None:
    """Put an event of S3 on the default bus. Never raises, because the object has already changed."""
    try:
        name = str(getattr(event_name, "value", event_name))
        if has_request_context() and is_side_effect(name, request.args):
            return
        event = s3_event(account_id, name, bucket, key)
        if event is not None:
            bus.publish(account_id, bucket.region_name, event)
    except Exception:
        _log.exception("an event of bucket %s was not published", bucket.name)


def is_side_effect(event_name: str, query: Collection[str]) -> bool:
    """Whether moto reports one step of a request as an event of its own.

    moto sets the tags and the ACL of a new object, and creates the object of a completed upload, through the
    functions that also serve requests for just that. AWS sends one event for each request.

    Args:
        event_name: moto's name of the event.
        query: names of the request's query parameters, which distinguish the operations of S3.
    """
    if event_name.startswith("s3:ObjectTagging:"):
        return "tagging" not in query
    if event_name == "s3:ObjectAcl:Put":
        return "acl" not in query
    return event_name in {"s3:ObjectCreated:Put", "s3:ObjectCreated:Post"} and "uploadId" in query


def s3_event(account_id: str, event_name: str, bucket: Any, key: Any) -> dict[str, Any] | None:
    """The event for a change to an object; None for a change that S3 does not report to EventBridge."""
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
    # Hexadecimal; of two events of a key, the later has the greater one.
    return f"{time.time_ns() // 1000:014X}{next(_sequence) % 256:02X}"
