"""Unpacks layers to directories that overlayfs can mount, each layer once."""

from __future__ import annotations

import contextlib
import gzip
import os
import shutil
import stat
import tarfile
import threading
import uuid
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, cast

from localaws.services.ecr.pushed_images import ImageError, Layer, PushedImage

# https://github.com/opencontainers/image-spec/blob/main/layer.md
_WHITEOUT: Final = ".wh."
_OPAQUE: Final = ".wh..wh..opq"
_NAME_LENGTH: Final = 24
_MAX_BYTES: Final = 64 * 1024**3
_CHUNK: Final = 1 << 20
# tarfile copies the rest of its buffer for each member.
_BUFFER: Final = 1 << 16
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
    directory = image.unpacked / layer.digest.removeprefix("sha256:")[:_NAME_LENGTH]
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
    """Unpack one layer. The registry has compared its content with its digest.

    Raises:
        ImageError: it is damaged, or has a member that must not be unpacked.
    """
    directory.mkdir(mode=0o755)
    try:
        with (
            _uncompressed(layer) as stream,
            tarfile.open(fileobj=stream, mode="r|", bufsize=_BUFFER) as tar,
        ):
            _LayerWriter(directory).write(tar)
    except (tarfile.TarError, EOFError, OSError, zlib.error, ValueError) as error:
        raise ImageError(
            f"layer {layer.digest} of {uri} cannot be unpacked: {error}. Build and push the image again."
        ) from error


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


class _LayerWriter:
    """Writes the members of one layer below ``root``, and nothing outside of it.

    An image has tens of thousands of files, so paths are text here: each is looked at as rarely as possible.
    """

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._is_root = os.geteuid() == 0
        self._left = _MAX_BYTES
        self._directories = {self._root}
        """Directories of the layer that are known to be no symbolic links."""

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
            parent, name = self._parent(parts), parts[-1]
            if name == _OPAQUE:
                self._make_opaque(parent)
            elif name.startswith(_WHITEOUT):
                hidden = f"{parent}/{name.removeprefix(_WHITEOUT)}"
                self._remove(hidden)
                os.mknod(hidden, stat.S_IFCHR, os.makedev(0, 0))
            else:
                self._write_member(tar, member, f"{parent}/{name}")

    def _parent(self, parts: tuple[str, ...]) -> str:
        """The directory of a member. A symbolic link on the way could lead anywhere."""
        parent = "/".join((self._root, *parts[:-1]))
        if parent in self._directories:
            return parent
        path = self._root
        for part in parts[:-1]:
            path = f"{path}/{part}"
            if path not in self._directories:
                if not os.path.lexists(path):
                    os.mkdir(path, 0o755)
                elif not stat.S_ISDIR(os.lstat(path).st_mode):
                    raise ValueError(f"the member {'/'.join(parts)} is below {part}, no directory")
                self._directories.add(path)
        return parent

    def _write_member(self, tar: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> None:
        if member.isreg():
            source = cast("IO[bytes]", tar.extractfile(member))
            with self._new_file(path) as target:
                shutil.copyfileobj(source, target, _CHUNK)
        elif member.isdir():
            if path not in self._directories:
                if not os.path.lexists(path) or not stat.S_ISDIR(os.lstat(path).st_mode):
                    self._remove(path)
                    os.mkdir(path, 0o755)
                self._directories.add(path)
        elif member.issym():
            self._remove(path)
            os.symlink(member.linkname, path)
        elif member.islnk():
            linked = _parts(member.linkname)
            existing = f"{self._parent(linked)}/{linked[-1]}"
            self._remove(path)
            os.link(existing, path, follow_symlinks=False)
            return
        elif member.isfifo():
            self._remove(path)
            os.mkfifo(path)
        elif _parts(member.name)[0] == "dev":
            # /dev of a container is made when it starts.
            return
        else:
            raise ValueError(f"the member {member.name} is a device")
        self._set_attributes(path, member)

    def _new_file(self, path: str) -> IO[bytes]:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(path, flags, 0o600)
        except FileExistsError:
            self._remove(path)
            descriptor = os.open(path, flags, 0o600)
        return os.fdopen(descriptor, "wb", buffering=0)

    def _set_attributes(self, path: str, member: tarfile.TarInfo) -> None:
        # The files of a user who is not root belong to this user.
        if self._is_root and (member.uid or member.gid):
            os.chown(path, member.uid, member.gid, follow_symlinks=False)
        if not member.issym():
            # They must stay readable and removable for this user, too.
            own = 0 if self._is_root else 0o700 if member.isdir() else 0o600
            os.chmod(path, member.mode & 0o7777 | own)
        if member.isreg():
            # Python compares the time of a module with the one in its compiled form.
            os.utime(path, (member.mtime, member.mtime))

    def _make_opaque(self, directory: str) -> None:
        # overlayfs reads trusted.* of root, and user.* where it is mounted in a user namespace.
        prefix = "trusted" if self._is_root else "user"
        os.setxattr(directory, f"{prefix}.overlay.opaque", b"y")

    def _remove(self, path: str) -> None:
        if not os.path.lexists(path):
            return
        if stat.S_ISDIR(os.lstat(path).st_mode):
            shutil.rmtree(path)
            self._directories = {self._root}
        else:
            os.unlink(path)


def _parts(name: str) -> tuple[str, ...]:
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if ".." in parts:
        raise ValueError(f"the member {name} leaves the layer")
    return parts


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
