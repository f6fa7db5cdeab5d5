"""Files between S3 and a container's directories."""

from __future__ import annotations

import json
import mimetypes
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError

from localaws.services.sagemaker.errors import RequestError

_CHUNK = 1024 * 1024
# On the loopback device the threads of a transfer cost more time than they save.
_TRANSFER = TransferConfig(
    multipart_threshold=64 * _CHUNK, multipart_chunksize=64 * _CHUNK, use_threads=False
)


def split_uri(uri: str) -> tuple[str, str]:
    """``s3://bucket/key`` as (bucket, key)."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket:
        raise RequestError(f"'{uri}' is not an S3 URI; write s3://bucket/key")
    return bucket, key


def join_uri(uri: str, *parts: str) -> str:
    """A URI with path parts added, one slash between them."""
    return "/".join([uri.rstrip("/"), *(part.strip("/") for part in parts)])


def objects_under(s3: Any, uri: str, role_arn: str, region: str) -> Iterator[tuple[str, str]]:
    """The objects of an S3Prefix as (key, path relative to the prefix).

    As in S3, the prefix ``s3://b/data`` also matches ``data-2/x.csv``. Folder markers are left out.

    Raises:
        RequestError: there are none, or S3 refused the request.
    """
    bucket, prefix = split_uri(uri)
    found = False
    try:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", []):
                if not item["Key"].endswith("/"):
                    found = True
                    yield item["Key"], _relative(item["Key"], prefix)
        message = ""
    except (ClientError, BotoCoreError) as error:
        message = f" Error message from S3: {_s3_message(error)}"
    if not found or message:
        raise RequestError(
            f'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that the '
            f"bucket exists in the selected region ({region}), that objects exist under that S3 prefix, "
            f'and that the role "{role_arn}" has "s3:ListBucket" permissions on bucket "{bucket}".{message}'
        )


def _relative(key: str, prefix: str) -> str:
    if key == prefix:
        return PurePosixPath(key).name
    base = (
        prefix
        if prefix.endswith("/") or key.startswith(f"{prefix}/")
        else prefix.rpartition("/")[0]
    )
    relative = key[len(base) :].lstrip("/")
    if ".." in PurePosixPath(relative).parts:
        raise RequestError(
            f"the S3 key '{key}' has the path part '..', which cannot be a local file"
        )
    return relative


def download_prefix(
    s3: Any,
    uri: str,
    directory: Path,
    role_arn: str,
    region: str,
    check: Callable[[], None] = lambda: None,
) -> None:
    """All objects under a prefix as files in ``directory``; ``check`` may raise before each."""
    bucket, _ = split_uri(uri)
    for key, relative in objects_under(s3, uri, role_arn, region):
        check()
        download_object(s3, bucket, key, directory / relative)


def download_manifest(
    s3: Any,
    uri: str,
    directory: Path,
    role_arn: str,
    region: str,
    check: Callable[[], None] = lambda: None,
) -> None:
    """The objects that a manifest lists, as files in ``directory``; ``check`` may raise before each.

    The manifest is ``[{"prefix": "s3://bucket/some/"}, "relative/key", ...]``:
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html
    """
    bucket, key = split_uri(uri)
    try:
        listed = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        prefix, names = listed[0]["prefix"], listed[1:]
        if not names or not all(isinstance(name, str) for name in names):
            raise ValueError("the list must name at least one object after the prefix")
    except (ClientError, BotoCoreError) as error:
        raise RequestError(
            f"Data download failed: {uri}: {_s3_message(error)} ({role_arn}, {region})"
        ) from error
    except (ValueError, LookupError, TypeError) as error:
        raise RequestError(f"Data download failed: {uri} is not a manifest: {error}") from error
    source, start = split_uri(prefix)
    for name in names:
        check()
        if ".." in name.split("/"):
            raise RequestError(f"Data download failed: {uri}: {name} is not below {prefix}")
        download_object(s3, source, f"{start}{name}", directory / name.lstrip("/"))


def download_object(s3: Any, bucket: str, key: str, target: Path) -> str:
    """One object as a file. Returns the ETag of the bytes that were read."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        answer = s3.get_object(Bucket=bucket, Key=key)
        with target.open("wb") as file:
            shutil.copyfileobj(answer["Body"], file, _CHUNK)
    except (ClientError, BotoCoreError) as error:
        raise RequestError(
            f"Data download failed: s3://{bucket}/{key}: {_s3_message(error)}"
        ) from error
    except OSError as error:
        # e.g. the keys "a" and "a/b", which cannot both be files
        raise RequestError(f"Data download failed: s3://{bucket}/{key}: {error}") from error
    etag: str = answer["ETag"]
    return etag.strip('"')


def upload_file(s3: Any, source: Path, uri: str, kms_key: str | None) -> None:
    """One file as an object, encrypted with ``kms_key``, or as the default of the bucket says."""
    bucket, key = split_uri(uri)
    extra = {"ContentType": mimetypes.guess_type(source.name)[0] or "binary/octet-stream"}
    if kms_key:
        extra |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key}
    try:
        s3.upload_file(str(source), bucket, key, ExtraArgs=extra, Config=_TRANSFER)
    except Exception as error:
        # boto3 wraps S3's error in S3UploadFailedError, which is not an exception of botocore.
        raise RequestError(f"Data upload failed: {uri}: {_s3_message(error)}") from error


def upload_directory(s3: Any, directory: Path, uri: str, kms_key: str | None) -> int:
    """Every file below ``directory`` but symbolic links, as SageMaker does. Returns their number."""
    count = 0
    for parent, _, names in os.walk(directory):
        for name in sorted(names):
            path = Path(parent, name)
            if path.is_symlink() or not path.is_file():
                continue
            upload_file(s3, path, join_uri(uri, str(path.relative_to(directory))), kms_key)
            count += 1
    return count


def _s3_message(error: Exception) -> str:
    if isinstance(error, ClientError):
        details = error.response["Error"]
        return f"{details.get('Code')}: {details.get('Message')}"
    return str(error)
