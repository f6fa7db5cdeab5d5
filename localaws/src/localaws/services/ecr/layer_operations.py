"""The operations with which a client without the registry's protocol moves layers."""

from __future__ import annotations

import io
from typing import Any

from localaws.core.context import Context
from localaws.core.provider import operation
from localaws.services.ecr import errors
from localaws.services.ecr.blob_store import Upload
from localaws.services.ecr.image_store import ImageStore
from localaws.services.ecr.manifests import is_digest
from localaws.services.ecr.registry.downloads import download_url

_PART_SIZE = 10 * 1024 * 1024
_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


class LayerOperations:
    """InitiateLayerUpload and its siblings."""

    def __init__(self, context: Context, store: ImageStore) -> None:
        self._context = context
        self._store = store

    @operation
    def batch_check_layer_availability(self, params: dict[str, Any]) -> dict[str, Any]:
        """Which layers a repository has."""
        name = self._repository(params)
        layers, failures = [], []
        for digest in params["layerDigests"]:
            if not is_digest(digest):
                failures.append(_failure(digest, "InvalidLayerDigest", "Invalid layer digest"))
            elif not self._store.blobs.has(name, digest):
                failures.append(
                    _failure(digest, "MissingLayerDigest", "The specified layer does not exist")
                )
            else:
                layers.append(
                    {
                        "layerDigest": digest,
                        "layerAvailability": "AVAILABLE",
                        "layerSize": self._store.blobs.size(digest),
                        "mediaType": _LAYER,
                    }
                )
        return {"layers": layers, "failures": failures}

    @operation
    def initiate_layer_upload(self, params: dict[str, Any]) -> dict[str, Any]:
        """Begin an upload."""
        upload = self._store.blobs.start_upload(self._repository(params))
        return {"uploadId": upload.id, "partSize": _PART_SIZE}

    @operation
    def upload_layer_part(self, params: dict[str, Any]) -> dict[str, Any]:
        """Add the next part of a layer."""
        name = self._repository(params)
        upload = self._upload(params)
        part: bytes = params["layerPartBlob"]
        with upload.lock:
            if params["partFirstByte"] != upload.size:
                raise errors.invalid_layer_part(
                    upload.id, name, self._store.registry_id, upload.size - 1
                )
            if params["partLastByte"] - params["partFirstByte"] + 1 != len(part):
                raise errors.invalid_parameter(
                    "partLastByte", f"the part has {len(part)} bytes, which the range must cover"
                )
            upload.append(io.BytesIO(part))
            last = upload.size - 1
        return {**self._named(name), "uploadId": upload.id, "lastByteReceived": last}

    @operation
    def complete_layer_upload(self, params: dict[str, Any]) -> dict[str, Any]:
        """Check the digest of what was uploaded, and make it a layer."""
        name = self._repository(params)
        upload = self._upload(params)
        with upload.lock:
            digest = upload.digest
            if digest not in params["layerDigests"]:
                raise errors.invalid_layer(params["layerDigests"], digest)
            if self._store.blobs.has(name, digest):
                self._store.blobs.cancel(upload)
                raise errors.layer_already_exists(digest, name, self._store.registry_id)
            self._store.blobs.complete(upload)
        return {**self._named(name), "uploadId": upload.id, "layerDigest": digest}

    @operation
    def get_download_url_for_layer(self, params: dict[str, Any]) -> dict[str, Any]:
        """A URL that gives the layer to whoever has it, for an hour."""
        name, digest = self._repository(params), params["layerDigest"]
        if not self._store.blobs.has(name, digest):
            raise errors.layer_not_found(digest, name, self._store.registry_id)
        return {"downloadUrl": download_url(self._context, name, digest), "layerDigest": digest}

    def _repository(self, params: dict[str, Any]) -> str:
        name: str = params["repositoryName"]
        self._store.repositories.find(name, params.get("registryId"))
        return name

    def _upload(self, params: dict[str, Any]) -> Upload:
        name, upload_id = params["repositoryName"], params["uploadId"]
        upload = self._store.blobs.find_upload(name, upload_id)
        if upload is None:
            raise errors.upload_not_found(upload_id, name, self._store.registry_id)
        return upload

    def _named(self, name: str) -> dict[str, str]:
        return {"registryId": self._store.registry_id, "repositoryName": name}


def _failure(digest: str, code: str, reason: str) -> dict[str, str]:
    return {"layerDigest": digest, "failureCode": code, "failureReason": reason}
