"""Empties and deletes buckets, and empties image repositories: only what is empty can be deleted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from landing_zone.core.aws import error_code
from landing_zone.core.errors import OperatorError

_GONE = {"404", "NoSuchBucket", "NotFound", "RepositoryNotFoundException"}


def empty_bucket(s3: Any, name: str, account: str, prefix: str = "") -> int:
    """Delete every version of every object below the prefix, and unfinished uploads; return how many."""
    owner = {"Bucket": name, "ExpectedBucketOwner": account}
    count = 0
    try:
        for batch in _versions(s3, owner, prefix):
            answer = s3.delete_objects(**owner, Delete={"Objects": batch, "Quiet": True})
            refused = answer.get("Errors", [])
            if refused:
                raise OperatorError(
                    f"{len(refused)} objects of {name} could not be deleted, the first: "
                    f"{refused[0].get('Key')}: {refused[0].get('Message')}"
                )
            count += len(batch)
        for page in s3.get_paginator("list_multipart_uploads").paginate(**owner, Prefix=prefix):
            for upload in page.get("Uploads", []):
                s3.abort_multipart_upload(**owner, Key=upload["Key"], UploadId=upload["UploadId"])
    except ClientError as error:
        if error_code(error) in _GONE:
            return count
        raise
    return count


def delete_bucket(s3: Any, name: str, account: str) -> bool:
    """Empty and delete a bucket; return whether it existed."""
    empty_bucket(s3, name, account)
    try:
        s3.delete_bucket(Bucket=name, ExpectedBucketOwner=account)
    except ClientError as error:
        if error_code(error) in _GONE:
            return False
        raise
    return True


def bucket_exists(s3: Any, name: str, account: str) -> bool:
    """Whether the account has this bucket."""
    try:
        s3.head_bucket(Bucket=name, ExpectedBucketOwner=account)
    except ClientError as error:
        if error_code(error) in _GONE:
            return False
        raise
    return True


def empty_repository(ecr: Any, name: str) -> int:
    """Delete every image; return how many."""
    count = 0
    try:
        for page in ecr.get_paginator("list_images").paginate(repositoryName=name):
            if page["imageIds"]:
                ecr.batch_delete_image(repositoryName=name, imageIds=page["imageIds"])
                count += len(page["imageIds"])
    except ClientError as error:
        if error_code(error) not in _GONE:
            raise
    return count


def _versions(s3: Any, owner: dict[str, str], prefix: str) -> Iterator[list[dict[str, str]]]:
    """Versions and delete markers, in batches of the thousand that DeleteObjects takes."""
    for page in s3.get_paginator("list_object_versions").paginate(**owner, Prefix=prefix):
        batch = [
            {"Key": item["Key"], "VersionId": item["VersionId"]}
            for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        ]
        if batch:
            yield batch
