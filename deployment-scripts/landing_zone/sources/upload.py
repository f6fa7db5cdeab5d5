"""Brings the source bucket up to date with this checkout: job code, use cases, prices, last the manifest."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from landing_zone.core.aws import error_code
from landing_zone.core.names import MANIFEST_KEY
from landing_zone.core.settings import ROOT, Settings
from landing_zone.sources.checkout import (
    CODE_VERSION,
    built_code,
    manifest_to_upload,
    without_commit,
)

# The ETag of an object that KMS encrypts is no hash of its content, so the hash is stored as metadata.
_HASH = "sha256"


@dataclass(frozen=True)
class Upload:
    """An object as it should be in S3."""

    key: str
    body: bytes
    # What decides whether the object differs; None: the body.
    compared: bytes | None = None

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body if self.compared is None else self.compared).hexdigest()


def put_if_different(s3: Any, bucket: str, upload: Upload) -> bool:
    """Upload an object unless S3 has this content already; return whether it was uploaded."""
    try:
        head = s3.head_object(Bucket=bucket, Key=upload.key)
    except ClientError as error:
        if error_code(error) not in {"404", "NoSuchKey", "NotFound"}:
            raise
    else:
        if head.get("Metadata", {}).get(_HASH) == upload.sha256:
            return False
    s3.put_object(
        Bucket=bucket,
        Key=upload.key,
        Body=upload.body,
        ContentType=mimetypes.guess_type(upload.key)[0] or "application/octet-stream",
        Metadata={_HASH: upload.sha256},
    )
    return True


def put_all(s3: Any, bucket: str, uploads: Iterable[Upload]) -> list[str]:
    """Upload what differs, eight objects at a time; return the uploaded keys."""
    wanted = list(uploads)
    with ThreadPoolExecutor(max_workers=8) as pool:
        done = list(pool.map(lambda upload: put_if_different(s3, bucket, upload), wanted))
    return [upload.key for upload, changed in zip(wanted, done, strict=True) if changed]


def upload_sources(s3: Any, bucket: str, settings: Settings) -> list[str]:
    """Bring the source bucket up to date with this checkout; return the uploaded keys."""
    version, files = built_code()
    use_cases = sorted((ROOT / "config/use_cases").glob("*.yaml"))
    # Without this file the cost of a run is unknown.
    prices = [path for path in [ROOT / f"config/prices/{settings.region}.json"] if path.is_file()]
    manifest = manifest_to_upload(settings, version)
    stages = (
        [Upload(f"code/{version}/{name}", path.read_bytes()) for name, path in files.items()]
        + [Upload(f"config/use_cases/{path.name}", path.read_bytes()) for path in use_cases]
        + [Upload(f"config/prices/{path.name}", path.read_bytes()) for path in prices],
        # It marks a complete upload: create_schema accepts no code without it.
        [Upload(f"code/{version}/{CODE_VERSION}", f"{version}\n".encode())],
        # Last, because it starts a run, which must find the rest.
        [Upload(MANIFEST_KEY, manifest, without_commit(manifest))],
    )
    return [key for uploads in stages for key in put_all(s3, bucket, uploads)]


def describe(changed: list[str], bucket: str) -> str:
    """What was uploaded, in a sentence."""
    if not changed:
        return f"s3://{bucket} is up to date: nothing uploaded, no run started"
    started = "; the new manifest starts a run" if MANIFEST_KEY in changed else ""
    return f"{len(changed)} objects uploaded to s3://{bucket}{started}"
