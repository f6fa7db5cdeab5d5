"""Layers and configurations, and their upload in one request or in parts."""

from __future__ import annotations

import re

from localaws.services.ecr.blob_store import Upload
from localaws.services.ecr.manifests import is_digest
from localaws.services.ecr.registry.answers import Answer, RegistryError
from localaws.services.ecr.registry.request import RegistryRequest

_RANGE = re.compile(r"bytes=(?P<first>\d*)-(?P<last>\d*)")
_CONTENT_RANGE = re.compile(r"(?:bytes )?(?P<first>\d+)-(?P<last>\d+)(?:/.*)?")


def blob(request: RegistryRequest) -> Answer:
    """GET or HEAD a blob, or a range of it; DELETE it."""
    digest, blobs = request.reference, request.store.blobs
    if not is_digest(digest):
        raise RegistryError(400, "DIGEST_INVALID", f"{digest!r} is not a sha256 digest")
    if request.call.method not in ("GET", "HEAD", "DELETE"):
        raise request.wrong_method("GET", "HEAD", "DELETE")
    if not blobs.has(request.name, digest):
        raise RegistryError(404, "BLOB_UNKNOWN", f"{request.name} has no layer {digest}")
    if request.call.method == "DELETE":
        if any(digest in image.manifest.blobs for image in request.store.images(request.name)):
            raise RegistryError(405, "UNSUPPORTED", f"an image of {request.name} has {digest}")
        blobs.remove(request.name, [digest])
        return Answer(202)
    size = blobs.size(digest)
    headers = {
        "Content-Type": "application/octet-stream",
        "Docker-Content-Digest": digest,
        "Accept-Ranges": "bytes",
        "Content-Length": str(size),
    }
    wanted = request.call.headers.get("range")
    first, length, status = 0, size, 200
    if wanted and request.call.method == "GET":
        first, last = _range(wanted, size)
        length, status = last - first + 1, 206
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        headers["Content-Length"] = str(length)
    if request.call.method == "HEAD":
        return Answer(status, headers)
    return Answer(status, headers, blobs.chunks(digest, first, length))


def start_upload(request: RegistryRequest) -> Answer:
    """Begin an upload, upload a blob in one request, or take one from another repository."""
    query, blobs = request.call.query, request.store.blobs
    mounted, source = query.get("mount"), query.get("from")
    if mounted and source and blobs.mount(request.name, mounted, source):
        return _created(request, mounted)
    upload = blobs.start_upload(request.name)
    if "digest" in query:
        return _finish(request, upload)
    return _progress(request, upload, 202)


def upload(request: RegistryRequest) -> Answer:
    """Add to an upload (PATCH), finish (PUT), ask for its size (GET) or give it up (DELETE)."""
    found = request.store.blobs.find_upload(request.name, request.reference)
    if found is None:
        raise RegistryError(404, "BLOB_UPLOAD_UNKNOWN", f"no upload {request.reference}")
    method = request.call.method
    if method == "PATCH":
        with found.lock:
            _append(request, found)
        return _progress(request, found, 202)
    if method == "PUT":
        return _finish(request, found)
    if method == "GET":
        return _progress(request, found, 204)
    if method == "DELETE":
        request.store.blobs.cancel(found)
        return Answer(204)
    raise request.wrong_method("GET", "PATCH", "PUT", "DELETE")


def _append(request: RegistryRequest, upload: Upload) -> None:
    sent = _CONTENT_RANGE.fullmatch(request.call.headers.get("content-range", ""))
    if sent and int(sent["first"]) != upload.size:
        raise RegistryError(
            416,
            "BLOB_UPLOAD_INVALID",
            f"the part begins at byte {sent['first']}, but {upload.size} bytes have arrived",
            {"Range": f"0-{max(upload.size - 1, 0)}"},
        )
    upload.append(request.call.body)


def _finish(request: RegistryRequest, upload: Upload) -> Answer:
    wanted = request.call.query.get("digest", "")
    with upload.lock:
        _append(request, upload)
        if upload.digest != wanted:
            found = upload.digest
            request.store.blobs.cancel(upload)
            raise RegistryError(
                400, "DIGEST_INVALID", f"the upload has the digest {found}, not {wanted or 'given'}"
            )
        return _created(request, request.store.blobs.complete(upload))


def _created(request: RegistryRequest, digest: str) -> Answer:
    return Answer(
        201,
        {
            "Location": f"/v2/{request.name}/blobs/{digest}",
            "Docker-Content-Digest": digest,
        },
    )


def _progress(request: RegistryRequest, upload: Upload, status: int) -> Answer:
    return Answer(
        status,
        {
            "Location": f"/v2/{request.name}/blobs/uploads/{upload.id}",
            "Range": f"0-{max(upload.size - 1, 0)}",
            "Docker-Upload-UUID": upload.id,
        },
    )


def _range(header: str, size: int) -> tuple[int, int]:
    match = _RANGE.fullmatch(header.strip())
    if match and match["first"]:
        first = int(match["first"])
        last = min(int(match["last"]), size - 1) if match["last"] else size - 1
    elif match and match["last"]:
        first, last = max(size - int(match["last"]), 0), size - 1
    else:
        first, last = size, 0
    if first > last:
        raise RegistryError(
            416,
            "RANGE_INVALID",
            f"the range {header!r} is not within the {size} bytes of the layer",
            {"Content-Range": f"bytes */{size}"},
        )
    return first, last
