"""One deployment of a candidate at a time, whatever starts it: an object that can be created only once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from landing_zone.core.aws import error_code
from landing_zone.core.errors import OperatorError

LOCK_KEY = "evaluations/deployment.lock"
_TAKEN = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}


@contextmanager
def deployment_lock(s3: Any, bucket: str, holder: str) -> Iterator[None]:
    """Hold the lock during the block. A lock that cannot be obtained is an error, never a wait."""
    try:
        s3.put_object(
            Bucket=bucket,
            Key=LOCK_KEY,
            Body=json.dumps({"holder": holder}).encode(),
            IfNoneMatch="*",
        )
    except ClientError as error:
        if error_code(error) not in _TAKEN:
            raise
        raise OperatorError(
            f"s3://{bucket}/{LOCK_KEY} is held by {_holder(s3, bucket)}. Wait until that deployment ends; if "
            "it was killed, delete the object and give the command again"
        ) from error
    try:
        yield
    finally:
        s3.delete_object(Bucket=bucket, Key=LOCK_KEY)


def _holder(s3: Any, bucket: str) -> str:
    try:
        return str(json.loads(s3.get_object(Bucket=bucket, Key=LOCK_KEY)["Body"].read())["holder"])
    except (ClientError, ValueError, KeyError):
        return "a deployment that has just ended"
