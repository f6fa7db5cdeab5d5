"""The operations on images, and the deletion of a repository with its images."""

from __future__ import annotations

from typing import Any

from localaws.core import paging
from localaws.core.errors import AwsError
from localaws.core.provider import operation
from localaws.services.ecr import errors, scan_operations
from localaws.services.ecr.image_store import ImageStore, StoredImage
from localaws.services.ecr.manifests import ManifestError, is_digest, parse_manifest

_PAGE = 100


class ImageOperations:
    """PutImage and its siblings."""

    def __init__(self, store: ImageStore) -> None:
        self._store = store

    @operation
    def put_image(self, params: dict[str, Any]) -> dict[str, Any]:
        """Store the manifest of an image whose layers have been uploaded."""
        name, tag = params["repositoryName"], params.get("imageTag")
        self._repository(params)
        try:
            manifest = parse_manifest(
                params["imageManifest"].encode(), params.get("imageManifestMediaType")
            )
        except ManifestError as error:
            raise errors.invalid_parameter("ImageManifest", str(error)) from None
        wanted = params.get("imageDigest")
        if wanted and wanted != manifest.digest:
            raise errors.digest_does_not_match(wanted, manifest.digest)
        image, changed = self._store.put(name, manifest, tag)
        if not changed:
            raise errors.image_already_exists(image.digest, tag, name, self._store.registry_id)
        return {"image": self._described(name, image, tag)}

    @operation
    def batch_get_image(self, params: dict[str, Any]) -> dict[str, Any]:
        """The manifests of images. Each one counts as pulled."""
        name = self._repository(params)
        found, failures = [], []
        for image_id in params["imageIds"]:
            failure = _wrong_id(image_id)
            image = None if failure else self._find(name, image_id)
            if image is None:
                failures.append({"imageId": image_id, **(failure or _NOT_FOUND)})
            else:
                self._store.note_pull(image)
                found.append(self._described(name, image, image_id.get("imageTag")))
        return {"images": found, "failures": failures}

    @operation
    def batch_delete_image(self, params: dict[str, Any]) -> dict[str, Any]:
        """Remove tags, and images with all their tags."""
        name = self._repository(params)
        deleted, failures = [], []
        for image_id in params["imageIds"]:
            failure = _wrong_id(image_id)
            image = None if failure else self._find(name, image_id)
            if image is not None:
                failure = self._index_that_needs(name, image, image_id)
            if image is None or failure:
                failures.append({"imageId": image_id, **(failure or _NOT_FOUND)})
                continue
            tag = None if image_id.get("imageDigest") else image_id.get("imageTag")
            gone = self._store.delete(name, image, tag)
            deleted += [_image_id(image, name) for name in gone] or [_image_id(image, None)]
        return {"imageIds": deleted, "failures": failures}

    @operation
    def list_images(self, params: dict[str, Any]) -> dict[str, Any]:
        """Digest and tag of every image; an image with two tags is listed twice."""
        name = self._repository(params)
        status = params.get("filter", {}).get("tagStatus", "ANY")
        ids = [
            (image.digest, tag)
            for image in self._store.images(name)
            if status in ("ANY", _tag_status(image))
            for tag in image.tags or [""]
        ]
        page, token = paging.page(
            ids,
            lambda found: found,
            listing=("ListImages", name, status),
            token=params.get("nextToken"),
            size=params.get("maxResults", _PAGE),
            invalid_token=_invalid_token,
        )
        listed = [{"imageDigest": d, **({"imageTag": t} if t else {})} for d, t in page]
        return {"imageIds": listed, "nextToken": token}

    @operation
    def describe_images(self, params: dict[str, Any]) -> dict[str, Any]:
        """Everything about images but their manifests."""
        name = self._repository(params)
        if "imageIds" in params:
            found = {
                image.digest: image
                for image_id in params["imageIds"]
                for image in [
                    self._store.require(name, image_id.get("imageDigest"), image_id.get("imageTag"))
                ]
            }
            return {"imageDetails": [self._details(name, image) for image in found.values()]}
        status = params.get("filter", {}).get("tagStatus", "ANY")
        page, token = paging.page(
            [i for i in self._store.images(name) if status in ("ANY", _tag_status(i))],
            lambda image: (image.pushed.timestamp(), image.digest),
            listing=("DescribeImages", name, status),
            token=params.get("nextToken"),
            size=params.get("maxResults", _PAGE),
            invalid_token=_invalid_token,
        )
        return {"imageDetails": [self._details(name, image) for image in page], "nextToken": token}

    @operation
    def delete_repository(self, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a repository; its images only with ``force``."""
        name = self._repository(params)
        if self._store.images(name) and not params.get("force"):
            raise errors.repository_not_empty(name, self._store.registry_id)
        self._store.delete_repository(name)
        return {"repository": self._store.repositories.delete(name)}

    def _repository(self, params: dict[str, Any]) -> str:
        name: str = params["repositoryName"]
        self._store.repositories.find(name, params.get("registryId"))
        return name

    def _find(self, name: str, image_id: dict[str, Any]) -> StoredImage | None:
        return self._store.find(name, image_id.get("imageDigest"), image_id.get("imageTag"))

    def _index_that_needs(
        self, name: str, image: StoredImage, image_id: dict[str, Any]
    ) -> dict[str, str] | None:
        whole = image_id.get("imageDigest") or len(image.tags) == 1
        indexes = self._store.indexes_of(name, image.digest) if whole else []
        if not indexes:
            return None
        return {
            "failureCode": "ImageReferencedByManifestList",
            "failureReason": f"Requested image referenced by manifest list: [{', '.join(indexes)}]",
        }

    def _described(self, name: str, image: StoredImage, tag: str | None) -> dict[str, Any]:
        return {
            "registryId": self._store.registry_id,
            "repositoryName": name,
            "imageId": _image_id(image, tag),
            "imageManifest": image.manifest.content.decode(),
            "imageManifestMediaType": image.manifest.media_type,
        }

    def _details(self, name: str, image: StoredImage) -> dict[str, Any]:
        return {
            "registryId": self._store.registry_id,
            "repositoryName": name,
            "imageDigest": image.digest,
            "imageTags": list(image.tags) or None,
            "imageSizeInBytes": self._store.size(name, image),
            "imagePushedAt": image.pushed,
            "imageManifestMediaType": image.manifest.media_type,
            "artifactMediaType": image.manifest.artifact_type,
            "subjectManifestDigest": image.manifest.subject,
            "lastRecordedPullTime": image.pulled,
            "imageScanStatus": scan_operations.STATUS if image.scanned else None,
        }


_NOT_FOUND = {"failureCode": "ImageNotFound", "failureReason": "Requested image not found"}


def _wrong_id(image_id: dict[str, Any]) -> dict[str, str] | None:
    digest = image_id.get("imageDigest")
    if not digest and not image_id.get("imageTag"):
        return {
            "failureCode": "MissingDigestAndTag",
            "failureReason": "Invalid request parameters: both tag and digest cannot be null",
        }
    if digest and not is_digest(digest):
        return {
            "failureCode": "InvalidImageDigest",
            "failureReason": "Invalid request parameters: image digest should satisfy the regex "
            "'[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
        }
    return None


def _image_id(image: StoredImage, tag: str | None) -> dict[str, str]:
    return {"imageDigest": image.digest, **({"imageTag": tag} if tag else {})}


def _tag_status(image: StoredImage) -> str:
    return "TAGGED" if image.tags else "UNTAGGED"


def _invalid_token(token: str) -> AwsError:
    return errors.invalid_parameter("nextToken", f"'{token}' is not a token of this listing")
