"""Uploads job code, use cases and, last, the manifest: that starts the pipeline.

    bash deployment-scripts/upload-source-files.sh

Only objects whose content differs are uploaded, so a second run starts no pipeline. The code goes to
code/{CodeVersion}/, where nothing is ever overwritten: a run keeps the code it began with.
"""

from __future__ import annotations

import argparse
import hashlib
import mimetypes
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from landing_zone import cli
from landing_zone.aws import Aws, error_code
from landing_zone.deployment import load_deployment
from landing_zone.settings import ROOT, Settings
from landing_zone.sources import MANIFEST_KEY, code_files, manifest_to_upload, what_matters

# An ETag is no hash of the content when KMS encrypts the object, so the hash is stored beside it.
_HASH = "sha256"


@dataclass(frozen=True)
class Upload:
    """An object as it should be."""

    key: str
    body: bytes
    identity: bytes | None = None  # what makes it another object; None: all of the body

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body if self.identity is None else self.identity).hexdigest()


def put_if_different(s3: Any, bucket: str, upload: Upload) -> bool:
    """Upload an object unless S3 has this content already; says whether it did."""
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
    """Upload what differs, several objects at a time; returns the keys uploaded."""
    wanted = list(uploads)
    with ThreadPoolExecutor(max_workers=8) as pool:
        done = list(pool.map(lambda upload: put_if_different(s3, bucket, upload), wanted))
    return [upload.key for upload, changed in zip(wanted, done, strict=True) if changed]


def upload_sources(s3: Any, bucket: str, settings: Settings) -> list[str]:
    """Bring the source bucket up to date with this checkout; returns the keys uploaded."""
    version, files = code_files()
    use_cases = sorted((ROOT / "config/use_cases").glob("*.yaml"))
    changed = put_all(
        s3,
        bucket,
        [Upload(f"code/{version}/{name}", path.read_bytes()) for name, path in files.items()]
        + [Upload(f"config/use_cases/{path.name}", path.read_bytes()) for path in use_cases],
    )
    # Last: it starts a run, which must find the rest.
    manifest = manifest_to_upload(settings, version)
    return changed + put_all(s3, bucket, [Upload(MANIFEST_KEY, manifest, what_matters(manifest))])


def describe(changed: list[str], bucket: str) -> str:
    """What was uploaded, for a person."""
    if not changed:
        return f"s3://{bucket} is up to date: nothing uploaded, no run started"
    started = "; the new manifest starts a run" if MANIFEST_KEY in changed else ""
    return f"{len(changed)} objects uploaded to s3://{bucket}{started}"


def command(_: argparse.Namespace, settings: Settings) -> int:
    aws = Aws(settings)
    bucket = load_deployment(aws, settings).source_bucket
    print(describe(upload_sources(aws.client("s3"), bucket, settings), bucket))
    return 0


if __name__ == "__main__":
    sys.exit(cli.run_command(command, cli.parser(__doc__)))
