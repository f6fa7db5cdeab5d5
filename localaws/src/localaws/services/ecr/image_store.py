"""The images of each repository: their manifests and tags."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localaws.core.context import Context
from localaws.services.ecr import errors
from localaws.services.ecr.blob_store import BlobStore
from localaws.services.ecr.manifests import Manifest
from localaws.services.ecr.repositories import ImageRepositories


@dataclass
class StoredImage:
    """An image, or an index of images, in a repository."""

    manifest: Manifest
    pushed: datetime
    tags: list[str] = field(default_factory=list)
    pulled: datetime | None = None
    scanned: datetime | None = None
    """When a scan was asked for, by a push or by StartImageScan."""

    @property
    def digest(self) -> str:
        """The digest of the manifest."""
        return self.manifest.digest


class ImageStore:
    """The images of one account and region.

    Args:
        context: the surroundings of the service ECR. The blobs are below its scratch directory.
    """

    def __init__(self, context: Context) -> None:
        self.registry_id = context.account_id
        self.blobs = BlobStore(context.work_dir)
        self.repositories = ImageRepositories(context.account_id, context.region)
        self.unpacked = context.work_dir / "unpacked"
        self._context = context
        self._lock = threading.RLock()
        self._images: dict[str, dict[str, StoredImage]] = {}

    def images(self, repository: str) -> list[StoredImage]:
        """The images of a repository, the first one that was pushed first."""
        self.repositories.find(repository)
        with self._lock:
            return list(self._images.get(repository, {}).values())

    def find(
        self, repository: str, digest: str | None = None, tag: str | None = None
    ) -> StoredImage | None:
        """The image with a digest, with a tag, or with both."""
        with self._lock:
            for image in self._images.get(repository, {}).values():
                if digest in (None, image.digest) and (tag is None or tag in image.tags):
                    return image
            return None

    def require(
        self, repository: str, digest: str | None = None, tag: str | None = None
    ) -> StoredImage:
        """Like :meth:`find`.

        Raises:
            AwsError: RepositoryNotFoundException or ImageNotFoundException.
        """
        self.repositories.find(repository)
        found = self.find(repository, digest, tag) if digest or tag else None
        if found is None:
            raise errors.image_not_found(digest, tag, repository, self.registry_id)
        return found

    def put(self, repository: str, manifest: Manifest, tag: str | None) -> tuple[StoredImage, bool]:
        """Store an image whose layers have been uploaded, and give it a tag.

        Returns:
            The image, and whether anything has changed: an image that has its tag already stays as it is.

        Raises:
            AwsError: the repository does not exist, layers are missing, or the tag is immutable.
        """
        self.repositories.find(repository)
        immutable = tag is not None and self.repositories.is_immutable(repository, tag)
        scans = self.repositories.scans_on_push(repository)
        with self._lock:
            self._check_parts(repository, manifest)
            images = self._images.setdefault(repository, {})
            known = images.get(manifest.digest)
            if known and (tag is None or tag in known.tags):
                return known, False
            holder = self.find(repository, tag=tag) if tag is not None else None
            if holder is not None and tag is not None:
                if immutable:
                    raise errors.tag_is_immutable(tag, repository)
                holder.tags.remove(tag)
            now = self._context.clock.now()
            image = images.setdefault(manifest.digest, StoredImage(manifest, now))
            if tag is not None:
                image.tags.append(tag)
            if known is None and scans and not manifest.is_index:
                image.scanned = now
        self._publish("PUSH", repository, image, tag)
        if known is None and image.scanned:
            self.publish_scan(repository, image)
        return image, True

    def delete(self, repository: str, image: StoredImage, tag: str | None = None) -> list[str]:
        """Remove a tag of an image, or the image with all its tags. The last tag takes the image along.

        Returns:
            The tags that are gone.
        """
        with self._lock:
            images = self._images.get(repository, {})
            gone: list[str | None] = [tag] if tag else [*image.tags]
            image.tags = [kept for kept in image.tags if kept not in gone]
            if not image.tags:
                images.pop(image.digest, None)
                used = {blob for other in images.values() for blob in other.manifest.blobs}
                self.blobs.remove(repository, set(image.manifest.blobs) - used)
        for name in gone or [None]:
            self._publish("DELETE", repository, image, name)
        return [name for name in gone if name]

    def delete_repository(self, repository: str) -> None:
        """Remove every image and layer of a repository."""
        with self._lock:
            self._images.pop(repository, None)
            self.blobs.remove(repository)

    def note_pull(self, image: StoredImage) -> None:
        """Record that an image was pulled."""
        image.pulled = self._context.clock.now()

    def size(self, repository: str, image: StoredImage) -> int:
        """The bytes of an image in the registry; of an index, those of all its images."""
        parts = [self.find(repository, part.digest) for part in image.manifest.manifests]
        return image.manifest.size + sum(part.manifest.size for part in parts if part)

    def indexes_of(self, repository: str, digest: str) -> list[str]:
        """The digests of the indexes that name an image."""
        return [
            image.digest
            for image in self.images(repository)
            if any(part.digest == digest for part in image.manifest.manifests)
        ]

    def publish_scan(self, repository: str, image: StoredImage) -> None:
        """Publish the event of a scan, which says that it failed."""
        self._context.publish(
            "aws.ecr",
            "ECR Image Scan",
            {
                "scan-status": "FAILED",
                "repository-name": repository,
                "finding-severity-counts": {},
                "image-digest": image.digest,
                "image-tags": list(image.tags),
            },
            [self._context.arn("ecr", f"repository/{repository}")],
        )

    def _check_parts(self, repository: str, manifest: Manifest) -> None:
        missing = [d for d in manifest.blobs if not self.blobs.has(repository, d)]
        if missing:
            raise errors.layers_not_found(missing, repository, self.registry_id)
        known = self._images.get(repository, {})
        missing = [part.digest for part in manifest.manifests if part.digest not in known]
        if missing:
            raise errors.referenced_images_not_found(missing, repository, self.registry_id)

    def _publish(self, action: str, repository: str, image: StoredImage, tag: str | None) -> None:
        # https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html
        detail: dict[str, Any] = {
            "result": "SUCCESS",
            "repository-name": repository,
            "image-digest": image.digest,
            "action-type": action,
            **({"image-tag": tag} if tag else {}),
        }
        if action == "PUSH":
            detail["manifest-media-type"] = image.manifest.media_type
            detail["artifact-media-type"] = image.manifest.artifact_type
        self._context.publish("aws.ecr", "ECR Image Action", detail, [])
