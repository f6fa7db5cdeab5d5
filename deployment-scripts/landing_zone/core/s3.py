"""Places in S3: s3://bucket/key, and the objects below a prefix."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from landing_zone.core.aws import error_code
from landing_zone.core.errors import OperatorError


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of s3://bucket/key."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket:
        raise OperatorError(f"{uri!r} is no place in S3; a manifest holds s3://bucket/key")
    return bucket, key


def split_folder(uri: str) -> tuple[str, str]:
    """Bucket and prefix of a folder; the prefix ends with a slash."""
    return split_uri(uri.rstrip("/") + "/")


def list_objects(s3: Any, bucket: str, prefix: str, **options: str) -> Iterator[tuple[str, int]]:
    """Key and size of every object below a prefix."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, **options)
    for page in pages:
        for item in page.get("Contents", []):
            yield item["Key"], item["Size"]


def read_json(s3: Any, bucket: str, key: str) -> dict[str, Any] | None:
    """The JSON object under a key; None when there is no such object or bucket, or no JSON in it."""
    try:
        found: dict[str, Any] = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except ClientError as error:
        if error_code(error) not in {"NoSuchKey", "NoSuchBucket", "404"}:
            raise
        return None
    except ValueError:
        return None
    return found
