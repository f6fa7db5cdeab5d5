"""What the manifest of an image says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST: Final = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
_IMAGES: Final = (DOCKER_MANIFEST, OCI_MANIFEST)
_INDEXES: Final = (DOCKER_LIST, OCI_INDEX)
MEDIA_TYPES: Final = (*_IMAGES, *_INDEXES)


class ManifestError(ValueError):
    """A manifest that a registry cannot store."""


@dataclass(frozen=True)
class Descriptor:
    """A blob or manifest that a manifest names."""

    digest: str
    size: int
    media_type: str
    platform: Mapping[str, str]


@dataclass(frozen=True)
class Manifest:
    """A parsed manifest."""

    content: bytes
    """The bytes as they were pushed, of which ``digest`` is the digest."""
    digest: str
    media_type: str
    config: Descriptor | None
    layers: tuple[Descriptor, ...]
    manifests: tuple[Descriptor, ...]
    """The images of an index."""
    artifact_type: str | None
    subject: str | None
    """The digest of the image that an artifact, for example a signature, belongs to."""

    @property
    def is_index(self) -> bool:
        """Whether it names images for several platforms instead of being an image."""
        return self.media_type in _INDEXES

    @property
    def blobs(self) -> tuple[str, ...]:
        """The digests of the configuration and the layers, each once."""
        found = [*([self.config] if self.config else []), *self.layers]
        return tuple(dict.fromkeys(blob.digest for blob in found))

    @property
    def size(self) -> int:
        """The bytes of the layers in the registry, and of the manifest's own configuration."""
        return sum(blob.size for blob in self.layers) + (self.config.size if self.config else 0)


def digest_of(content: bytes) -> str:
    """``sha256:<hex>`` of some bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def parse_manifest(content: bytes, media_type: str | None = None) -> Manifest:
    """Read a manifest.

    Args:
        content: the bytes that the client sent.
        media_type: what the request says. Without it, the manifest's own mediaType counts.

    Raises:
        ManifestError: it is no manifest, or of a kind that ECR does not take.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"the manifest is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ManifestError("the manifest is not a JSON object")
    own = document.get("mediaType")
    kind = (media_type or "").partition(";")[0].strip() or own
    if own and kind != own:
        raise ManifestError(f"the request says {kind}, but the manifest says {own}")
    if kind not in MEDIA_TYPES:
        raise ManifestError(
            f"the media type of the manifest is {kind!r}; allowed are {', '.join(MEDIA_TYPES)}"
        )
    try:
        config = _descriptor(document["config"]) if kind in _IMAGES else None
        layers = tuple(map(_descriptor, document["layers"])) if kind in _IMAGES else ()
        manifests = tuple(map(_descriptor, document["manifests"])) if kind in _INDEXES else ()
        subject = _descriptor(document["subject"]).digest if document.get("subject") else None
    except (KeyError, TypeError, ValueError) as error:
        raise ManifestError(f"the manifest lacks a part, or has a wrong one: {error}") from None
    return Manifest(
        content,
        digest_of(content),
        kind,
        config,
        layers,
        manifests,
        document.get("artifactType") or (config.media_type if config else None),
        subject,
    )


def _descriptor(value: Mapping[str, Any]) -> Descriptor:
    digest, size = value["digest"], value["size"]
    if not is_digest(digest) or not isinstance(size, int) or size < 0:
        raise ValueError(f"digest {digest!r} with size {size!r}")
    return Descriptor(digest, size, value.get("mediaType", ""), value.get("platform") or {})


def is_digest(value: object) -> bool:
    """Whether a value is ``sha256:`` and 64 hexadecimal digits, the only algorithm that ECR takes."""
    if not isinstance(value, str) or not value.startswith("sha256:"):
        return False
    digits = value.removeprefix("sha256:")
    return len(digits) == 64 and all(digit in "0123456789abcdef" for digit in digits)
