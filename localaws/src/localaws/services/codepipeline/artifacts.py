"""Reads one file of an untrusted artifact, and makes an artifact with one file.

Nothing is extracted, so no file can be written outside of the scratch directory. A file name that leads
there is refused all the same: it is a sign of an attack or of a mistake.
"""

from __future__ import annotations

import io
import stat
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Final

# "The input artifact is bound by Lambda's quotas" (user guide: action-reference-StepFunctions): a deployment
# package has 50 MB zipped, 250 MB unzipped. 100,000 files is the quota of a source artifact.
MAX_ZIPPED: Final = 50 * 1024**2
MAX_UNZIPPED: Final = 250 * 1024**2
MAX_FILES: Final = 100_000
# Text compresses 1:10, repeated rows 1:100; deflate's limit is 1:1032. Small files may reach it by accident.
MAX_RATIO: Final = 200
_RATIO_MATTERS_FROM: Final = 1024**2
_CHUNK: Final = 1024**2


class BadArtifactError(Exception):
    """The artifact cannot be used; the message names the file and says why."""


def read_member(body: IO[bytes], name: str, max_bytes: int, work_dir: Path) -> bytes:
    """The content of the file ``name`` of a zip that is read from ``body``.

    Raises:
        BadArtifactError: not a zip, hostile, too large, or without that file.
    """
    with tempfile.TemporaryFile(dir=work_dir) as spool:
        _copy(body, spool)
        spool.seek(0)
        try:
            with zipfile.ZipFile(spool) as archive:
                _check(archive)
                return _read(archive, name, max_bytes)
        except zipfile.BadZipFile as error:
            raise BadArtifactError(f"it is not a zip file: {error}") from error


def make_zip(name: str, content: bytes) -> bytes:
    """A zip with one file. The same content gives the same bytes."""
    buffer = io.BytesIO()
    entry = zipfile.ZipInfo(name)  # dated 1980: no clock in the content
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(entry, content)
    return buffer.getvalue()


def _copy(body: IO[bytes], spool: IO[bytes]) -> None:
    total = 0
    while chunk := body.read(_CHUNK):
        total += len(chunk)
        if total > MAX_ZIPPED:
            raise BadArtifactError(f"it has more than {MAX_ZIPPED} bytes")
        spool.write(chunk)


def _check(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    if len(entries) > MAX_FILES:
        raise BadArtifactError(f"it has {len(entries)} files; the limit is {MAX_FILES}")
    seen: set[str] = set()
    for entry in entries:
        _check_name(entry, seen)
    total = sum(entry.file_size for entry in entries)
    if total > MAX_UNZIPPED:
        largest = max(entries, key=lambda entry: entry.file_size)
        raise BadArtifactError(
            f"it has {total} bytes unzipped ({largest.file_size} of them in {largest.filename!r}); the"
            f" limit is {MAX_UNZIPPED}"
        )
    for entry in entries:
        ratio = entry.file_size / max(entry.compress_size, 1)
        if entry.file_size > _RATIO_MATTERS_FROM and ratio > MAX_RATIO:
            raise BadArtifactError(
                f"file {entry.filename!r} grows {ratio:.0f} times when it is unzipped; the limit is"
                f" {MAX_RATIO}"
            )


def _check_name(entry: zipfile.ZipInfo, seen: set[str]) -> None:
    # orig_filename: ZipInfo cuts a name at a NUL byte, which hides what follows it.
    name = entry.orig_filename
    if "\0" in name or not name:
        raise BadArtifactError(f"file name {name!r} is not a file name")
    windows = PureWindowsPath(name)
    if (
        name.startswith(("/", "\\"))
        or windows.drive
        or ".."
        in {
            *PurePosixPath(name).parts,
            *windows.parts,
        }
    ):
        raise BadArtifactError(
            f"file {name!r} would be written outside of the artifact's directory"
        )
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise BadArtifactError(f"file {name!r} is a symbolic link")
    if name in seen:
        raise BadArtifactError(f"file {name!r} occurs twice")
    seen.add(name)


def _read(archive: zipfile.ZipFile, name: str, max_bytes: int) -> bytes:
    try:
        entry = archive.getinfo(name)
    except KeyError:
        shown = sorted(archive.namelist())[:10]
        raise BadArtifactError(f"it has no file {name!r}; it has {shown}") from None
    if entry.flag_bits & 0x1:
        raise BadArtifactError(f"file {name!r} is encrypted")
    try:
        with archive.open(entry) as file:
            content = file.read(max_bytes + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise BadArtifactError(f"file {name!r} cannot be unzipped: {error}") from error
    if len(content) > max_bytes:
        raise BadArtifactError(f"file {name!r} has more than {max_bytes} bytes")
    return content
