"""Objects in S3: how they are encrypted, and which there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def encryption(kms_key_arn: str | None) -> dict[str, str]:
    """What a request that writes an object says of its key; None is the key of AWS for S3."""
    chosen = {"SSEKMSKeyId": kms_key_arn} if kms_key_arn else {}
    return {"ServerSideEncryption": "aws:kms", **chosen}


def objects(s3: Any, bucket: str, prefix: str, **options: str) -> Iterator[dict[str, Any]]:
    """The objects below a prefix, as ListObjectsV2 describes them; `options` are more of its arguments."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, **options)
    for page in pages:
        yield from page.get("Contents", [])
