"""What a manifest says."""

import json

import pytest

from localaws.services.ecr.manifests import (
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    ManifestError,
    digest_of,
    is_digest,
    parse_manifest,
)

BLOB = {"digest": f"sha256:{'a' * 64}", "size": 3, "mediaType": "x"}


def manifest(**changes):
    document = {"schemaVersion": 2, "config": BLOB, "layers": [BLOB, BLOB]} | changes
    return json.dumps(document).encode()


def test_an_image():
    content = manifest(mediaType=OCI_MANIFEST)
    found = parse_manifest(content)

    assert (found.digest, found.media_type) == (digest_of(content), OCI_MANIFEST)
    assert found.blobs == (BLOB["digest"],)
    assert (found.size, found.is_index) == (9, False)


def test_an_index_and_an_artifact():
    index = parse_manifest(json.dumps({"manifests": [BLOB]}).encode(), OCI_INDEX)
    artifact = parse_manifest(manifest(subject=BLOB, artifactType="sbom"), OCI_MANIFEST)

    assert index.is_index
    assert [part.digest for part in index.manifests] == [BLOB["digest"]]
    assert (artifact.subject, artifact.artifact_type) == (BLOB["digest"], "sbom")


def test_parameters_of_the_media_type_do_not_count():
    assert parse_manifest(manifest(), f"{DOCKER_MANIFEST}; charset=utf-8").media_type == (
        DOCKER_MANIFEST
    )


@pytest.mark.parametrize(
    ("content", "media_type", "reason"),
    [
        (manifest(), None, "the media type of the manifest is None; allowed are"),
        (manifest(), "application/vnd.docker.distribution.manifest.v1+json", "allowed are"),
        (manifest(mediaType=OCI_MANIFEST), DOCKER_MANIFEST, "but the manifest says"),
        (manifest(layers=[{"digest": "sha256:x", "size": 1}]), OCI_MANIFEST, "digest 'sha256:x'"),
        (manifest(layers=[BLOB | {"size": -1}]), OCI_MANIFEST, "size -1"),
        (manifest(layers=None), OCI_MANIFEST, "lacks a part"),
        (b"[" * 100_000, OCI_MANIFEST, "not JSON"),
    ],
)
def test_a_wrong_manifest(content, media_type, reason):
    with pytest.raises(ManifestError, match=reason):
        parse_manifest(content, media_type)


@pytest.mark.parametrize("value", ["sha512:0", "sha256:", f"sha256:{'A' * 64}", "", None])
def test_what_is_no_digest(value):
    assert not is_digest(value)
