"""Manifests, tags and the list of repositories."""

from __future__ import annotations

import re

from localaws.services.ecr.manifests import ManifestError, is_digest, parse_manifest
from localaws.services.ecr.registry.answers import Answer, RegistryError
from localaws.services.ecr.registry.request import RegistryRequest

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
# https://github.com/opencontainers/distribution-spec: a registry takes manifests of at least 4 MiB.
_MAX_MANIFEST = 4 * 1024 * 1024


def manifest(request: RegistryRequest) -> Answer:
    """GET, HEAD, PUT or DELETE a manifest by its tag or digest."""
    digest = request.reference if is_digest(request.reference) else None
    tag = None if digest else request.reference
    if tag is not None and not _TAG.fullmatch(tag):
        raise RegistryError(400, "TAG_INVALID", f"{tag!r} is not a tag and not a sha256 digest")
    method = request.call.method
    if method == "PUT":
        return _put(request, digest, tag)
    if method not in ("GET", "HEAD", "DELETE"):
        raise request.wrong_method("GET", "HEAD", "PUT", "DELETE")
    image = request.store.find(request.name, digest, tag)
    if image is None:
        raise RegistryError(404, "MANIFEST_UNKNOWN", "Requested image not found")
    if method == "DELETE":
        if digest and request.store.indexes_of(request.name, digest):
            raise RegistryError(400, "DENIED", f"an index of {request.name} names {digest}")
        request.store.delete(request.name, image, tag)
        return Answer(202)
    content = image.manifest.content
    if method == "GET":
        request.store.note_pull(image)
    return Answer(
        200,
        {
            "Content-Type": image.manifest.media_type,
            "Content-Length": str(len(content)),
            "Docker-Content-Digest": image.digest,
        },
        content if method == "GET" else b"",
    )


def _put(request: RegistryRequest, digest: str | None, tag: str | None) -> Answer:
    content = request.call.body.read(_MAX_MANIFEST + 1)
    while len(content) <= _MAX_MANIFEST and (more := request.call.body.read(_MAX_MANIFEST)):
        content += more
    if len(content) > _MAX_MANIFEST:
        raise RegistryError(
            413, "MANIFEST_INVALID", f"the manifest has more than {_MAX_MANIFEST} bytes"
        )
    try:
        found = parse_manifest(content, request.call.headers.get("content-type"))
    except ManifestError as error:
        raise RegistryError(400, "MANIFEST_INVALID", str(error)) from None
    if digest and digest != found.digest:
        raise RegistryError(
            400, "DIGEST_INVALID", f"the manifest has the digest {found.digest}, not {digest}"
        )
    # An image that was pushed before, with the same tag, is a success.
    request.store.put(request.name, found, tag)
    headers = {
        "Location": f"/v2/{request.name}/manifests/{found.digest}",
        "Docker-Content-Digest": found.digest,
    }
    if found.subject:
        headers["OCI-Subject"] = found.subject
    return Answer(201, headers)


def tags(request: RegistryRequest) -> Answer:
    """The tags of a repository."""
    found = sorted(tag for image in request.store.images(request.name) for tag in image.tags)
    return request.list("tags", found, {"name": request.name})


def catalog(request: RegistryRequest) -> Answer:
    """The repositories."""
    return request.list("repositories", request.store.repositories.names(), {})
