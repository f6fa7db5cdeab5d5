"""The cache of a project: files that one build leaves for the next, in S3 or on this machine."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError

from localaws.services.codebuild.buildspec import CacheSpec
from localaws.services.codebuild.file_patterns import Files
from localaws.services.codebuild.models import Document

# The source of every build has a directory of its own, so the archive names it by this word.
_SOURCE: Final = "source"
_HOME: Final = "home"
Say = Callable[[str], None]


class Storage(Protocol):
    """Where archives are kept."""

    def fetch(self, key: str, target: Path) -> bool:
        """Get an archive; False when there is none."""

    def store(self, key: str, archive: Path) -> None:
        """Keep an archive."""


class S3Storage:
    """Archives in the bucket of the project."""

    def __init__(self, s3: Any, cache: Document, generation: str) -> None:
        self._s3 = s3
        bucket, _, prefix = cache["location"].removeprefix("arn:aws:s3:::").partition("/")
        parts = (prefix.strip("/"), cache.get("cacheNamespace") or generation)
        self._bucket, self._prefix = bucket, "/".join(part for part in parts if part)

    def fetch(self, key: str, target: Path) -> bool:
        """Get an archive; False when there is none."""
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=f"{self._prefix}/{key}")
        except ClientError:
            return False
        with target.open("wb") as file:
            shutil.copyfileobj(answer["Body"], file)
        return True

    def store(self, key: str, archive: Path) -> None:
        """Keep an archive."""
        self._s3.upload_file(str(archive), self._bucket, f"{self._prefix}/{key}")


class LocalStorage:
    """Archives on this machine, until localaws stops."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def fetch(self, key: str, target: Path) -> bool:
        """Get an archive; False when there is none."""
        kept = self._path(key)
        if not kept.is_file():
            return False
        shutil.copyfile(kept, target)
        return True

    def store(self, key: str, archive: Path) -> None:
        """Keep an archive."""
        self._directory.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(archive, self._path(key))

    def _path(self, key: str) -> Path:
        return self._directory / key.replace("/", "%2F")


def storage_of(cache: Document, s3: Any, directory: Path, generation: str) -> Storage | None:
    """Where the cache of a project is; None without one that keeps paths."""
    if cache["type"] == "S3":
        return S3Storage(s3, cache, generation)
    if cache["type"] == "LOCAL" and "LOCAL_CUSTOM_CACHE" in cache["modes"]:
        return LocalStorage(directory)
    return None


class Cache:
    """Restores the cache before the commands of a build, and saves it after them.

    Args:
        storage: where archives are.
        spec: the cache in the build specification, with its keys expanded.
        files: the files of the build.
        say: writes a line of the log.
    """

    def __init__(self, storage: Storage, spec: CacheSpec, files: Files, say: Say) -> None:
        self._storage = storage
        self._spec = spec
        self._files = files
        self._say = say
        self._key = spec.key or "default"
        self._restored = ""

    def restore(self) -> None:
        """Unpack the archive of the key, or of the first fallback key that there is."""
        archive = self._files.directories.base / "cache.tar.gz"
        for key in (self._key, *self._spec.fallback_keys):
            if self._spec.action == "save":
                break
            if self._storage.fetch(key, archive):
                self._say(f"Restoring the cache of the key {key}")
                self._unpack(archive)
                archive.unlink()
                self._restored = key
                return
        self._say("Unable to download cache: there is none")

    def save(self) -> None:
        """Keep the files of the paths."""
        if self._spec.action == "restore":
            return
        if self._spec.key and self._restored == self._spec.key:
            self._say(f"The cache of the key {self._key} is already there")
            return
        archive = self._files.directories.base / "cache.tar.gz"
        count = 0
        with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
            for name, path in self._members():
                tar.add(path, name, recursive=False)
                count += 1
        self._say(f"Expanding cache paths: {count} file(s)")
        if count:
            self._storage.store(self._key, archive)
            self._say(f"Uploaded the cache of the key {self._key}")
        archive.unlink()

    def _roots(self) -> dict[str, Path]:
        return {_SOURCE: self._files.host("."), _HOME: self._files.directories.home}

    def _members(self) -> Iterator[tuple[str, Path]]:
        base = self._files.host(".")
        for pattern in self._spec.paths:
            matched = self._files.matching(pattern, base, links=True)
            if not matched:
                self._say(f"Skipping invalid cache path {pattern}")
            for _, path in matched:
                for word, root in self._roots().items():
                    if path.is_relative_to(root):
                        yield f"{word}/{path.relative_to(root)}", path
                        break
                else:
                    self._say(
                        f"Skipping {path}: it is neither in the source nor in the home directory"
                    )

    def _unpack(self, archive: Path) -> None:
        roots = self._roots()
        with tarfile.open(archive) as tar:
            for member in tar:
                word, _, name = member.name.partition("/")
                if word in roots and name:
                    member.name = name
                    tar.extract(member, roots[word], filter="tar")
