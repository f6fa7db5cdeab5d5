"""JSON in and out of the pipeline's artifact store, with the job's own credentials and key."""

from __future__ import annotations

import io
import json
import lzma
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from common.errors import AccessError, InputError
from common.job import Artifact
from common.storage import encryption

# A manifest is 3 KB, an execution's output at most 256 KB. Lambda has 512 MB: refuse long before.
MAX_ARTIFACT_BYTES = 5_000_000
MAX_MEMBER_BYTES = 2_000_000
MANIFEST = "manifest.json"

# What zipfile raises for a zip that is damaged, an encrypted member (RuntimeError), or an unknown compression
# (NotImplementedError).
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
)


def read_json(s3: Any, artifact: Artifact, members: Sequence[str]) -> Any:
    """The JSON document in an artifact: the object itself, or the first of `members` in its zip.

    CodePipeline hands a source object over as it was uploaded (people upload bare JSON, a zip works
    too); other actions' artifacts are zips.
    """
    body = _download(s3, artifact)
    name = artifact.key
    if zipfile.is_zipfile(io.BytesIO(body)):
        name, body = _unzip(body, artifact, members)
    try:
        # utf-8-sig: editors on Windows put a byte order mark in front
        return json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except ValueError as error:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise InputError(
            f"artifact {artifact.name}: {name} is not JSON: {error}. "
            f"Correct the file, upload it again and start the pipeline again."
        ) from error


def write_json(
    s3: Any, artifact: Artifact, document: Any, encryption_key: str | None, member: str = MANIFEST
) -> None:
    """Store the document as a zip with one file. The bytes depend on the document alone."""
    buffer = io.BytesIO()
    info = zipfile.ZipInfo(member)  # dated 1980-01-01
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(info, json.dumps(document, indent=2) + "\n")
    try:
        s3.put_object(
            Bucket=artifact.bucket,
            Key=artifact.key,
            Body=buffer.getvalue(),
            ContentType="application/zip",
            **encryption(encryption_key),
        )
    except ClientError as error:
        raise _refused("write", artifact, error) from error


def _download(s3: Any, artifact: Artifact) -> bytes:
    try:
        response = s3.get_object(Bucket=artifact.bucket, Key=artifact.key)
    except ClientError as error:
        raise _refused("read", artifact, error) from error
    size = response["ContentLength"]
    if size > MAX_ARTIFACT_BYTES:
        raise InputError(
            f"artifact {artifact.name}: {artifact.uri} has {size} bytes; allowed: "
            f"{MAX_ARTIFACT_BYTES}. It should hold one manifest: was another file uploaded in its place?"
        )
    body: bytes = response["Body"].read()
    return body


def _unzip(body: bytes, artifact: Artifact, members: Sequence[str]) -> tuple[str, bytes]:
    """Members are read in memory and by exact name, so no path in the zip can lead anywhere."""
    allowed = " or ".join(members)
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            names = set(archive.namelist())
            name = next((member for member in members if member in names), None)
            if name is None:
                found = ", ".join(sorted(names)[:10]) or "nothing"
                raise InputError(
                    f"artifact {artifact.name}: found {found} in the zip; expected {allowed}. "
                    "Upload config/manifest.json itself, or a zip of it."
                )
            # The size in the header may lie (a zip bomb), so reading is bounded, not the header believed.
            with archive.open(name) as member:
                content = member.read(MAX_MEMBER_BYTES + 1)
    except UNREADABLE as error:
        raise InputError(
            f"artifact {artifact.name}: the zip cannot be read: {error}. "
            f"Zip {allowed} again, without a password."
        ) from error
    if len(content) > MAX_MEMBER_BYTES:
        raise InputError(
            f"artifact {artifact.name}: {name} is larger than {MAX_MEMBER_BYTES} bytes unzipped. "
            "It should hold one manifest."
        )
    return name, content


def _refuse_constant(constant: str) -> None:
    raise ValueError(f"{constant} is Python's, not JSON's; use null or a number")


def _refused(verb: str, artifact: Artifact, error: ClientError) -> AccessError | InputError:
    code = error.response["Error"]["Code"]
    kind = AccessError if code in {"AccessDenied", "403"} else InputError
    return kind(
        f"artifact {artifact.name}: cannot {verb} {artifact.uri}: {code}: "
        f"{error.response['Error'].get('Message', '')} "
        "Look at the artifact bucket's and the key's policy, then retry the stage."
    )
