"""Deployment packages and layers on disk."""

from __future__ import annotations

import io
import shutil
import tempfile
import threading
import zipfile
from pathlib import Path

# Quota of Lambda: a deployment package with its layers, unzipped.
MAX_UNZIPPED_BYTES = 262_144_000


class BadPackageError(ValueError):
    """The archive cannot be a deployment package; the message says why."""


class CodeStore:
    """Unpacks each archive once. Versions and environments with the same CodeSha256 share the folder.

    Args:
        root: folder below which archives are unpacked. It is created on first use.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()

    def unpack(self, digest: str, archive: bytes) -> Path:
        """The folder with the contents of ``archive``, whose digest (hexadecimal) is given.

        Raises:
            BadPackageError: not a zip file, too large, or with members outside its root.
        """
        target = self._root / digest
        with self._lock:
            if target.is_dir():
                return target
            self._root.mkdir(parents=True, exist_ok=True)
            # Unpacked elsewhere and renamed: after a failure no folder looks complete but is not.
            partial = Path(tempfile.mkdtemp(dir=self._root, prefix=".partial-"))
            try:
                _extract(archive, partial)
                partial.chmod(0o755)
                partial.rename(target)
            except BaseException:
                shutil.rmtree(partial, ignore_errors=True)
                raise
            return target


def check_package(archive: bytes) -> None:
    """Check whether ``archive`` can be a deployment package, without unpacking it.

    Raises:
        BadPackageError: not a zip file, too large, or with members outside its root.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as package:
            _check_members(package)
    except zipfile.BadZipFile as error:
        raise BadPackageError(f"Could not unzip uploaded file: {error}") from error


def _extract(archive: bytes, target: Path) -> None:
    check_package(archive)
    with zipfile.ZipFile(io.BytesIO(archive)) as package:
        for member in package.infolist():
            _extract_member(package, member, target)


def _check_members(package: zipfile.ZipFile) -> None:
    size = sum(member.file_size for member in package.infolist())
    if size > MAX_UNZIPPED_BYTES:
        raise BadPackageError(
            f"Unzipped size must be smaller than {MAX_UNZIPPED_BYTES} bytes, but is {size} bytes"
        )
    for member in package.infolist():
        # extract() would silently write "../x" to "x". A package with such a name is broken or hostile.
        if member.filename.startswith("/") or ".." in Path(member.filename).parts:
            raise BadPackageError(
                f"Could not unzip uploaded file: {member.filename!r} is outside its root"
            )


def _extract_member(package: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    path = Path(package.extract(member, target))
    mode = member.external_attr >> 16 & 0o777
    if mode and not member.is_dir():
        # Lambda keeps the permissions of the archive; files that cannot be read are a common failure.
        path.chmod(mode)
