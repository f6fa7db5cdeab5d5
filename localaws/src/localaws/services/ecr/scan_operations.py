"""Scans of images. localaws records that a scan was asked for, and says that none ran."""

from __future__ import annotations

from typing import Any, Final

from localaws.core.context import Context
from localaws.core.errors import AwsError
from localaws.core.provider import operation
from localaws.services.ecr import errors
from localaws.services.ecr.image_store import ImageStore, StoredImage

# FAILED ends a wait for the scan at once, and a gate on its findings refuses the image, as on AWS after a
# scan that failed. COMPLETE without findings would say that the image is safe.
STATUS: Final = {
    "status": "FAILED",
    "description": "localaws has no database of vulnerabilities. It recorded that a scan was asked for and "
    "examined nothing. Scan the image on AWS, or with a scanner of your own.",
}


class ScanOperations:
    """StartImageScan and DescribeImageScanFindings."""

    def __init__(self, context: Context, store: ImageStore) -> None:
        self._context = context
        self._store = store

    @operation
    def start_image_scan(self, params: dict[str, Any]) -> dict[str, Any]:
        """Record a scan. AWS takes one for each image and day."""
        image = self._image(params)
        now = self._context.clock.now()
        if image.scanned and (now - image.scanned).days < 1:
            raise AwsError(
                "LimitExceededException",
                f"The scan quota per image has been exceeded. Wait and try again. (The last scan of "
                f"{image.digest} was asked for at {image.scanned:%Y-%m-%dT%H:%M:%SZ}.)",
            )
        image.scanned = now
        self._store.publish_scan(params["repositoryName"], image)
        return self._described(params, image)

    @operation
    def describe_image_scan_findings(self, params: dict[str, Any]) -> dict[str, Any]:
        """The recorded scan, with the status FAILED and without findings."""
        image = self._image(params)
        if image.scanned is None:
            image_id = params["imageId"]
            raise errors.scan_not_found(
                image_id.get("imageDigest"),
                image_id.get("imageTag"),
                params["repositoryName"],
                self._store.registry_id,
            )
        return self._described(params, image)

    def _image(self, params: dict[str, Any]) -> StoredImage:
        name, image_id = params["repositoryName"], params["imageId"]
        self._store.repositories.find(name, params.get("registryId"))
        return self._store.require(name, image_id.get("imageDigest"), image_id.get("imageTag"))

    def _described(self, params: dict[str, Any], image: StoredImage) -> dict[str, Any]:
        return {
            "registryId": self._store.registry_id,
            "repositoryName": params["repositoryName"],
            "imageId": {**params["imageId"], "imageDigest": image.digest},
            "imageScanStatus": STATUS,
        }
