"""Zip archives of sources and artifacts, with the modes of their files."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import IO

from localaws.services.codebuild.errors import PhaseError

_EARLIEST = (1980, 1, 1, 0, 0, 0)


def unpack(archive: IO[bytes], directory: Path) -> None:
    """Unpack a zip archive.

    Raises:
        PhaseError: it is not a zip archive, or a member would leave the directory.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            for member in opened.infolist():
                _unpack_member(opened, member, directory)
    except zipfile.BadZipFile as error:
        raise PhaseError("CLIENT_ERROR", f"the source is not a zip archive: {error}") from error


def _unpack_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, directory: Path) -> None:
    path = PurePosixPath(member.filename)
    target = directory / path
    inside = target.parent.resolve().is_relative_to(directory.resolve())
    if path.is_absolute() or ".." in path.parts or not inside:
        raise PhaseError("CLIENT_ERROR", f"the source has a file outside of it: {member.filename}")
    mode = member.external_attr >> 16
    if member.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if stat.S_ISLNK(mode):
        target.unlink(missing_ok=True)
        target.symlink_to(archive.read(member).decode())
        return
    with archive.open(member) as source, target.open("wb") as file:
        while chunk := source.read(1 << 20):
            file.write(chunk)
    if mode & 0o777:
        target.chmod(mode & 0o777)


def pack(files: Iterable[tuple[str, Path]], target: Path, *, keep_links: bool = False) -> None:
    """Write a zip archive of files, each with its name in the archive."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for name, path in files:
            if keep_links and path.is_symlink():
                link = zipfile.ZipInfo(name, _EARLIEST)
                link.create_system = 3
                link.external_attr = (stat.S_IFLNK | 0o777) << 16
                archive.writestr(link, str(path.readlink()))
            else:
                archive.write(path, name)
