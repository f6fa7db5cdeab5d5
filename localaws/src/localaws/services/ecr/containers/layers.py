"""Unpacks layers to directories that overlayfs can mount, each layer once."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import shutil
import stat
import tarfile
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Final, cast

from localaws.services.ecr.pushed_images import ImageError, Layer, PushedImage

# https://github.com/opencontainers/image-spec/blob/main/layer.md
_WHITEOUT: Final = ".wh."
_OPAQUE: Final = ".wh..wh..opq"
_NAME_LENGTH: Final = 24
_MAX_BYTES: Final = 64 * 1024**3
_CHUNK: Final = 1 << 20
_lock = threading.Lock()
_locks: dict[Path, threading.Lock] = {}


def unpack(image: PushedImage) -> tuple[Path, ...]:
    """The directories of an image's layers, the topmost one first.

    The first call for a layer unpacks it; the others wait until that is done.

    Raises:
        ImageError: a layer is damaged, or has a member that must not be unpacked.
    """
    # Files keep their set-uid bit, and other users of this machine must not be able to run them.
    image.unpacked.mkdir(mode=0o700, parents=True, exist_ok=True)
    directories = [_unpack_once(image, layer) for layer in image.layers]
    if not directories:
        raise ImageError(f"{image.uri} has no layers, so there is nothing to run")
    # A layer can occur twice, and overlayfs refuses a directory that it already has. The upper one counts.
    return tuple(dict.fromkeys(reversed(directories)))


def _unpack_once(image: PushedImage, layer: Layer) -> Path:
    directory = image.unpacked / layer.diff_id.removeprefix("sha256:")[:_NAME_LENGTH]
    with _lock:
        lock = _locks.setdefault(directory, threading.Lock())
    with lock:
        if not directory.exists():
            partial = image.unpacked / f".{uuid.uuid4().hex}"
            try:
                unpack_layer(layer, partial, image.uri)
                partial.rename(directory)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
    return directory


def unpack_layer(layer: Layer, directory: Path, uri: str) -> None:
    """Unpack one layer, and compare its content with its digest.

    Raises:
        ImageError: it is damaged, or has a member that must not be unpacked.
    """
    directory.mkdir(mode=0o755)
    digest = hashlib.sha256()
    try:
        with _uncompressed(layer) as stream:
            source = _Hashing(stream, digest)
            with tarfile.open(fileobj=cast("IO[bytes]", source), mode="r|", bufsize=_CHUNK) as tar:
                _LayerWriter(directory).write(tar)
            while source.read(_CHUNK):
                pass
    except (tarfile.TarError, EOFError, OSError, gzip.BadGzipFile, ValueError) as error:
        raise ImageError(
            f"layer {layer.digest} of {uri} cannot be unpacked: {error}. Build and push the image again."
        ) from error
    found = f"sha256:{digest.hexdigest()}"
    if found != layer.diff_id:
        raise ImageError(
            f"layer {layer.digest} of {uri} has the content {found}, but the configuration of the image "
            f"says {layer.diff_id}. Build and push the image again."
        )


@contextlib.contextmanager
def _uncompressed(layer: Layer) -> Iterator[IO[bytes]]:
    with layer.path.open("rb") as file:
        magic = file.read(4)
        file.seek(0)
        if magic[:2] == b"\x1f\x8b":
            with gzip.GzipFile(fileobj=file) as packed:
                yield cast("IO[bytes]", packed)
        elif magic == b"\x28\xb5\x2f\xfd":
            raise ValueError("it is compressed with zstd; push the image with gzip")
        else:
            yield file


class _Hashing:
    """A stream that hashes what is read from it."""

    def __init__(self, stream: IO[bytes], digest: hashlib._Hash) -> None:
        self._stream = stream
        self._digest = digest

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._digest.update(data)
        return data


class _LayerWriter:
    """Writes the members of one layer below ``root``, and nothing outside of it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._is_root = os.geteuid() == 0
        self._left = _MAX_BYTES

    def write(self, tar: tarfile.TarFile) -> None:
        """Write every member."""
        for member in tar:
            self._left -= member.size
            if self._left < 0:
                raise ValueError(f"it has more than {_MAX_BYTES} bytes")
            parts = _parts(member.name)
            if not parts:
                self._set_attributes(self._root, member)
                continue
            path = self._parent(parts) / parts[-1]
            if parts[-1] == _OPAQUE:
                self._make_opaque(path.parent)
            elif parts[-1].startswith(_WHITEOUT):
                hidden = path.with_name(parts[-1].removeprefix(_WHITEOUT))
                _remove(hidden)
                os.mknod(hidden, stat.S_IFCHR, os.makedev(0, 0))
            else:
                self._write_member(tar, member, path)

    def _parent(self, parts: tuple[str, ...]) -> Path:
        """The directory of a member. A symbolic link on the way could lead anywhere."""
        path = self._root
        for part in parts[:-1]:
            path = path / part
            if path.is_symlink() or (path.exists() and not path.is_dir()):
                raise ValueError(f"the member {'/'.join(parts)} is below {path.name}, no directory")
            path.mkdir(mode=0o755, exist_ok=True)
        return path

    def _write_member(self, tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
        if not (member.isdir() and path.is_dir() and not path.is_symlink()):
            _remove(path)
        if member.isdir():
            path.mkdir(exist_ok=True)
        elif member.isreg():
            source = cast("IO[bytes]", tar.extractfile(member))
            with path.open("xb") as target:
                shutil.copyfileobj(source, target, _CHUNK)
        elif member.issym():
            path.symlink_to(member.linkname)
        elif member.islnk():
            linked = _parts(member.linkname)
            os.link(self._parent(linked) / linked[-1], path, follow_symlinks=False)
            return
        elif member.isfifo():
            os.mkfifo(path)
        elif PurePosixPath(member.name.lstrip("./")).parts[:1] == ("dev",):
            # /dev of a container is made when it starts.
            return
        else:
            raise ValueError(f"the member {member.name} is a device")
        self._set_attributes(path, member)

    def _set_attributes(self, path: Path, member: tarfile.TarInfo) -> None:
        if self._is_root:
            os.chown(path, member.uid, member.gid, follow_symlinks=False)
        if not member.issym():
            # Without root, the files belong to this user, who must be able to read and remove them.
            path.chmod(member.mode & 0o7777 | (0 if self._is_root else 0o600 | member.isdir() << 6))
        if member.isreg():
            # Python compares the time of a module with the one in its compiled form.
            os.utime(path, (member.mtime, member.mtime))

    def _make_opaque(self, directory: Path) -> None:
        # overlayfs reads trusted.* of root, and user.* where it is mounted in a user namespace.
        prefix = "trusted" if self._is_root else "user"
        os.setxattr(directory, f"{prefix}.overlay.opaque", b"y")


def _parts(name: str) -> tuple[str, ...]:
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if ".." in parts:
        raise ValueError(f"the member {name} leaves the layer")
    return parts


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def read_text(directories: tuple[Path, ...], name: str) -> str:
    """A file of an image, from the topmost layer that has it; empty when none has.

    Args:
        directories: the unpacked layers, the topmost first.
        name: its path without the leading slash.
    """
    for directory in directories:
        path = directory / name
        if path.is_file() and not path.is_symlink() and not path.parent.is_symlink():
            return path.read_text(encoding="utf-8", errors="replace")
        # A character device hides the file of the layers below.
        if path.is_char_device():
            break
    return ""
