"""The model.tar.gz that is about to be deployed, compared with what the model registry recorded.

SageMaker unpacks whatever object it finds at ModelDataUrl, and the prebuilt image runs the code in it before
any check of ours. So the hash is compared here, before the version is approved. The ETag belongs to the bytes
that were compared; the inference state machine compares it again right before it deploys.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from common.errors import AccessError, InputError

# Of the version's CustomerMetadataProperties: the machine training takes it from the report of evaluate.
SHA256_KEY = "ModelSha256"
READ_BYTES = 1 << 20


@dataclass(frozen=True)
class Archive:
    key: str
    etag: str


def check_archive(s3: Any, bucket: str, url: str, package: Mapping[str, Any]) -> Archive:
    """The archive at `url`; raise InputError when it is not the one that was registered as `package`."""
    registered = package.get("CustomerMetadataProperties", {}).get(SHA256_KEY, "")
    if not registered:
        raise InputError(
            f"model package {package.get('ModelPackageArn', '')}: {SHA256_KEY} is missing in "
            "CustomerMetadataProperties; the training state machine records it. Start a new run."
        )
    prefix = f"s3://{bucket}/"
    if not url.startswith(prefix):
        raise InputError(
            f"ModelDataUrl: found {url}; allowed: an object of {prefix}. "
            "Retry the stage MachineLearningStage."
        )
    key = url.removeprefix(prefix)
    try:
        response = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        denied = error.response["Error"]["Code"] in {"AccessDenied", "403"}
        raise (AccessError if denied else InputError)(
            f"{url} cannot be read: {error}. If the object is there, look at the role of this function "
            "(infra/modules/manifest) and retry the stage; otherwise start a new run."
        ) from error
    digest = hashlib.sha256()
    while content := response["Body"].read(READ_BYTES):
        digest.update(content)
    found = digest.hexdigest()
    if found != registered:
        raise InputError(
            f"{url} is not the model that was registered: found sha256 {found}, the model registry has "
            f"{registered} ({SHA256_KEY}). The version was not approved. Restore the object and retry the "
            "stage, or start a new run."
        )
    return Archive(key, response["ETag"])
