"""The images that were pushed to ECR, for the services that run them."""

from __future__ import annotations

import json
import platform
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from localaws.core.context import Context
from localaws.services.ecr.image_store import ImageStore, StoredImage

_URI = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"
    r"/(?P<repository>[a-z0-9][a-z0-9._/-]*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]*))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}


class ImageError(Exception):
    """An image cannot run on this machine. The text names it, and what would help."""


@dataclass(frozen=True)
class ImageUri:
    """The parts of ``<account>.dkr.ecr.<region>.amazonaws.com/<repository>[:<tag>][@<digest>]``."""

    account_id: str
    region: str
    repository: str
    tag: str | None
    digest: str | None


@dataclass(frozen=True)
class Layer:
    """A layer of an image, as it is in the registry."""

    digest: str
    path: Path
    media_type: str


@dataclass(frozen=True)
class ImageConfig:
    """How an image wants to be started."""

    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PushedImage:
    """An image of ECR that this machine can run.

    :class:`localaws.services.ecr.containers.container.ImageContainer` runs commands in it.
    """

    uri: str
    repository: str
    digest: str
    """The digest of the manifest that the tag names: of the index, for an image of several platforms."""
    config: ImageConfig
    layers: tuple[Layer, ...]
    """The lowest one first."""
    unpacked: Path
    """Where the unpacked layers of all images are, each in a directory of its own."""

    @property
    def resolved_uri(self) -> str:
        """The URI with the digest instead of a tag, as DescribeEndpoint gives it."""
        registry = self.uri.partition("/")[0]
        return f"{registry}/{self.repository}@{self.digest}"


class PushedImages:
    """The pushed images of one account and region: ``context.shared(PushedImages)``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._store: ImageStore | None = None

    def store(self, context: Context) -> ImageStore:
        """The images of ECR, for ECR itself.

        Args:
            context: that of ECR in this account and region.
        """
        with self._lock:
            if self._store is None:
                self._store = ImageStore(context)
            return self._store

    def find(self, uri: str) -> PushedImage | None:
        """The image of a URI. None when nobody has pushed it.

        Args:
            uri: with a tag, a digest, or both. Without them the tag is ``latest``.

        Raises:
            ImageError: it was pushed, but cannot run on this machine.
        """
        parts = parse_uri(uri)
        with self._lock:
            store = self._store
        if parts is None or store is None:
            return None
        tag = parts.tag or (None if parts.digest else "latest")
        image = store.find(parts.repository, parts.digest, tag)
        if image is None or parts.account_id != store.registry_id:
            return None
        return _pushed_image(store, uri, parts.repository, image)


def parse_uri(uri: str) -> ImageUri | None:
    """The parts of the URI of an image in ECR, or None for any other image."""
    match = _URI.fullmatch(uri)
    if match is None:
        return None
    return ImageUri(
        match["account"], match["region"], match["repository"], match["tag"], match["digest"]
    )


def _pushed_image(store: ImageStore, uri: str, repository: str, image: StoredImage) -> PushedImage:
    manifest = _of_this_machine(store, uri, repository, image).manifest
    if manifest.config is None:
        raise ImageError(f"{uri} names an index of an index. Push an index of images.")
    document = _json(store, uri, manifest.config.digest)
    wanted, found = machine_architecture(), document.get("architecture")
    if (document.get("os"), found) != ("linux", wanted):
        raise ImageError(
            f"{uri} is an image for {document.get('os')}/{found}, and this machine is linux/{wanted}. "
            f"Build it with --platform linux/{wanted}."
        )
    return PushedImage(
        uri,
        repository,
        image.digest,
        _config(document.get("config") or {}),
        tuple(
            Layer(layer.digest, store.blobs.path(layer.digest), layer.media_type)
            for layer in manifest.layers
        ),
        store.unpacked,
    )


def machine_architecture() -> str:
    """The architecture of this machine, as images name it."""
    machine = platform.machine()
    return _ARCHITECTURES.get(machine, machine)


def _of_this_machine(
    store: ImageStore, uri: str, repository: str, image: StoredImage
) -> StoredImage:
    if not image.manifest.is_index:
        return image
    wanted = ("linux", machine_architecture())
    platforms = []
    for part in image.manifest.manifests:
        found = (part.platform.get("os"), part.platform.get("architecture"))
        child = store.find(repository, part.digest)
        if found == wanted and child is not None:
            return child
        platforms.append("/".join(map(str, found)))
    raise ImageError(
        f"{uri} is an index without an image for {'/'.join(wanted)}; it has {', '.join(platforms)}. "
        f"Build it with --platform {'/'.join(wanted)}."
    )


def _json(store: ImageStore, uri: str, digest: str) -> dict[str, Any]:
    try:
        document = json.loads(store.blobs.read(digest))
    except ValueError as error:
        raise ImageError(f"the configuration of {uri} is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ImageError(f"{uri} is not an image that can run: its configuration is no object")
    return document


def _config(document: Mapping[str, Any]) -> ImageConfig:
    variables = (item.partition("=") for item in document.get("Env") or [])
    return ImageConfig(
        entrypoint=tuple(document.get("Entrypoint") or ()),
        cmd=tuple(document.get("Cmd") or ()),
        env={name: value for name, _, value in variables},
        workdir=document.get("WorkingDir") or "/",
        user=document.get("User") or "",
        labels=dict(document.get("Labels") or {}),
    )
