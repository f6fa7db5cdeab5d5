"""The artifacts of a build: which files they have, and where they go."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError

from localaws.services.codebuild import archives
from localaws.services.codebuild.buildspec import ArtifactSpec
from localaws.services.codebuild.errors import PhaseError
from localaws.services.codebuild.file_patterns import Files
from localaws.services.codebuild.models import Document

_CHUNK = 1 << 20
_TRANSFER = TransferConfig(
    multipart_threshold=64 * _CHUNK, multipart_chunksize=64 * _CHUNK, use_threads=False
)
Say = Callable[[str], None]


def collect(spec: ArtifactSpec, files: Files, say: Say) -> list[tuple[str, Path]]:
    """The files of an artifact, each with its name in the artifact.

    Raises:
        PhaseError: no pattern matches a file.
    """
    say(f"Expanding base directory path: {spec.base_directory or '.'}")
    base = files.base(spec.base_directory)
    found: dict[str, Path] = {}
    say("Assembling file list")
    say(f"Expanding {spec.base_directory or '.'}")
    say(f"Expanding file paths for base directory {spec.base_directory or '.'}")
    say("Assembling file list")
    for pattern in spec.files:
        say(f"Expanding {pattern}")
        matched = files.matching(pattern, base, spec.exclude_paths, links=spec.enable_symlinks)
        if not matched:
            say(f"Skipping invalid file path {pattern}")
        for name, path in matched:
            found[Path(name).name if spec.discard_paths else name] = path
    if not found:
        raise PhaseError("CLIENT_ERROR", "no matching artifact paths found")
    say(f"Found {len(found)} file(s)")
    return list(found.items())


class Uploader:
    """Puts artifacts into S3.

    Args:
        s3: a client with the service role.
        encryption_key: the KMS key of the build.
        build_uuid: the name of the folder for ``namespaceType`` BUILD_ID.
        scratch: a directory for archives.
    """

    def __init__(self, s3: Any, encryption_key: str, build_uuid: str, scratch: Path) -> None:
        self._s3 = s3
        self._encryption_key = encryption_key
        self._build_uuid = build_uuid
        self._scratch = scratch

    def upload(
        self, artifacts: Document, name: str, found: list[tuple[str, Path]], *, links: bool
    ) -> Document:
        """Upload an artifact. Returns what the build says of it.

        Raises:
            PhaseError: S3 refused.
        """
        bucket, key = self._place(artifacts, name)
        result: Document = {"location": f"arn:aws:s3:::{bucket}/{key}"}
        try:
            if artifacts.get("packaging") == "ZIP":
                archive = self._scratch / "artifact.zip"
                archives.pack(found, archive, keep_links=links)
                self._put(archive, bucket, key, artifacts)
                content = archive.read_bytes()
                result["sha256sum"] = hashlib.sha256(content).hexdigest()
                result["md5sum"] = hashlib.md5(content, usedforsecurity=False).hexdigest()
                archive.unlink()
            else:
                for relative, path in found:
                    self._put(path, bucket, f"{key}/{relative}".lstrip("/"), artifacts)
        except (ClientError, BotoCoreError, OSError) as error:
            raise PhaseError("CLIENT_ERROR", f"Error in UPLOAD_ARTIFACTS phase: {error}") from error
        except Exception as error:
            # boto3 wraps S3's error in S3UploadFailedError, which is not an exception of botocore.
            raise PhaseError("CLIENT_ERROR", f"Error in UPLOAD_ARTIFACTS phase: {error}") from error
        return result

    def _place(self, artifacts: Document, name: str) -> tuple[str, str]:
        folder = self._build_uuid if artifacts.get("namespaceType") == "BUILD_ID" else ""
        parts = (artifacts.get("path", ""), folder, name)
        return artifacts["location"], "/".join(p.strip("/") for p in parts if p.strip("/"))

    def _put(self, path: Path, bucket: str, key: str, artifacts: Document) -> None:
        extra: dict[str, str] = {}
        if not artifacts.get("encryptionDisabled"):
            extra = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self._encryption_key}
        if artifacts.get("bucketOwnerAccess") == "FULL":
            extra["ACL"] = "bucket-owner-full-control"
        elif artifacts.get("bucketOwnerAccess") == "READ_ONLY":
            extra["ACL"] = "bucket-owner-read"
        self._s3.upload_file(str(path), bucket, key, ExtraArgs=extra, Config=_TRANSFER)
