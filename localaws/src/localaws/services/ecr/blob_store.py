"""Layers and configurations as files, named by their digest."""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

_CHUNK = 1 << 20


class _Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


class Upload:
    """A blob that is being uploaded. One client uploads it, one request after the other."""

    def __init__(self, path: Path, repository: str) -> None:
        self.id = str(uuid.uuid4())
        self.repository = repository
        self.path = path / self.id
        self.lock = threading.Lock()
        self.size = 0
        self._hash = hashlib.sha256()
        self.path.touch()

    @property
    def digest(self) -> str:
        """The digest of what has arrived."""
        return f"sha256:{self._hash.hexdigest()}"

    def append(self, source: _Readable) -> None:
        """Add everything that a stream has, in pieces."""
        with self.path.open("ab") as file:
            while chunk := source.read(_CHUNK):
                file.write(chunk)
                self._hash.update(chunk)
                self.size += len(chunk)


class BlobStore:
    """The blobs of every repository of an account and region. Equal blobs are one file."""

    def __init__(self, directory: Path) -> None:
        self._blobs = directory / "blobs"
        self._uploads = directory / "uploads"
        for path in (self._blobs, self._uploads):
            path.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._by_repository: dict[str, set[str]] = {}
        self._open_uploads: dict[str, Upload] = {}

    def path(self, digest: str) -> Path:
        """Where a blob is. Blobs are never changed."""
        return self._blobs / digest.removeprefix("sha256:")

    def has(self, repository: str, digest: str) -> bool:
        """Whether a repository has a blob."""
        with self._lock:
            return digest in self._by_repository.get(repository, ())

    def size(self, digest: str) -> int:
        """The bytes of a blob."""
        return self.path(digest).stat().st_size

    def read(self, digest: str) -> bytes:
        """A whole blob, for example a configuration."""
        return self.path(digest).read_bytes()

    def chunks(self, digest: str, first: int, length: int) -> Iterator[bytes]:
        """The bytes of a blob from ``first`` on, in pieces."""
        with self.path(digest).open("rb") as file:
            file.seek(first)
            while length > 0 and (chunk := file.read(min(_CHUNK, length))):
                length -= len(chunk)
                yield chunk

    def start_upload(self, repository: str) -> Upload:
        """Begin to upload a blob to a repository."""
        upload = Upload(self._uploads, repository)
        with self._lock:
            self._open_uploads[upload.id] = upload
        return upload

    def find_upload(self, repository: str, upload_id: str) -> Upload | None:
        """An upload that is under way."""
        with self._lock:
            upload = self._open_uploads.get(upload_id)
        return upload if upload and upload.repository == repository else None

    def complete(self, upload: Upload) -> str:
        """Make an upload a blob of its repository. Returns its digest."""
        digest = upload.digest
        with self._lock:
            self._open_uploads.pop(upload.id, None)
            upload.path.replace(self.path(digest))
            self._by_repository.setdefault(upload.repository, set()).add(digest)
        return digest

    def cancel(self, upload: Upload) -> None:
        """Forget what has been uploaded."""
        with self._lock:
            self._open_uploads.pop(upload.id, None)
        upload.path.unlink(missing_ok=True)

    def mount(self, repository: str, digest: str, source: str) -> bool:
        """Add a blob of another repository. False when that repository does not have it."""
        with self._lock:
            found = digest in self._by_repository.get(source, ())
            if found:
                self._by_repository.setdefault(repository, set()).add(digest)
            return found

    def remove(self, repository: str, digests: Iterable[str] | None = None) -> None:
        """Remove blobs from a repository, all of them when None. A file goes with its last repository."""
        with self._lock:
            own = self._by_repository.get(repository, set())
            gone = own if digests is None else own & set(digests)
            self._by_repository[repository] = own - gone
            kept = set().union(*self._by_repository.values())
            for digest in gone - kept:
                self.path(digest).unlink(missing_ok=True)
