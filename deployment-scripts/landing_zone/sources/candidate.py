"""The job code and the manifest of a pull request. They are read as data: nothing of them runs here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landing_zone.core.errors import OperatorError
from landing_zone.core.manifest import Key
from landing_zone.core.names import MANIFEST_KEY
from landing_zone.sources.checkout import CODE_VERSION, read_manifest
from landing_zone.sources.package import built_files
from landing_zone.sources.upload import Upload, put_all

EVALUATIONS = "config/evaluations"
PREBUILT = "prebuilt"


@dataclass(frozen=True)
class Candidate:
    """What a pull request would train with."""

    commit: str
    version: str
    files: dict[str, bytes]
    manifest: dict[str, Any]

    @property
    def manifest_key(self) -> str:
        """Its own manifest: one in place of config/manifest.json would start another run."""
        return f"{EVALUATIONS}/{self.commit}.json"


def read_candidate(checkout: Path, commit: str) -> Candidate:
    """Read a checkout of the pull request."""
    if not (checkout / "workflow").is_dir():
        raise OperatorError(f"{checkout} holds no workflow/: check the pull request out there")
    for path in [checkout / MANIFEST_KEY, *sorted((checkout / "workflow").rglob("*"))]:
        _refuse_links(checkout, path)
    files = built_files(checkout)
    version = files[CODE_VERSION].decode().strip()
    manifest = {
        **read_manifest(checkout),
        Key.CODE_VERSION: version,
        Key.GIT_COMMIT: commit,
        # An image of our own has its code built in, and building one would run the pull request here.
        Key.IMAGE_TAG: PREBUILT,
    }
    return Candidate(commit, version, files, manifest)


def upload_candidate(s3: Any, bucket: str, candidate: Candidate) -> list[str]:
    """Upload code and manifest; return the uploaded keys."""
    start = f"code/{candidate.version}/"
    code = {name: body for name, body in candidate.files.items() if name != CODE_VERSION}
    manifest = (json.dumps(candidate.manifest, indent=2) + "\n").encode()
    stages = (
        [Upload(start + name, body) for name, body in code.items()],
        # It marks a complete upload.
        [Upload(start + CODE_VERSION, candidate.files[CODE_VERSION])],
        [Upload(candidate.manifest_key, manifest)],
    )
    return [key for uploads in stages for key in put_all(s3, bucket, uploads)]


def _refuse_links(checkout: Path, path: Path) -> None:
    """A link could bring a file of this machine into the upload, for example its credentials."""
    while path != checkout:
        if path.is_symlink():
            raise OperatorError(
                f"{path.relative_to(checkout)} of the pull request is a symbolic link. Only files of the "
                "pull request itself are uploaded: replace the link by a file"
            )
        path = path.parent
