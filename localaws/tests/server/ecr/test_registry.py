"""The Docker Registry HTTP API V2 at /v2/."""

import json

import pytest

from server.ecr.client import (
    INDEX,
    MANIFEST,
    basic,
    descriptor,
    digest_of,
    make_image,
)


def test_a_pushed_image_can_be_pulled(registry):
    name, image = registry.repository(), make_image(Cmd=["serve"])

    pushed = registry.push(name, "1", image)
    pulled = registry.send("GET", f"/v2/{name}/manifests/1", Accept=MANIFEST)
    layer = registry.send("GET", f"/v2/{name}/blobs/{digest_of(image.layers[0])}")

    assert pushed.status == 201
    assert pushed.headers["Docker-Content-Digest"] == digest_of(image.manifest)
    assert pulled.body == image.manifest
    assert pulled.headers["Content-Type"] == MANIFEST
    assert pulled.headers["Docker-Content-Digest"] == digest_of(image.manifest)
    assert layer.body == image.layers[0]
    by_digest = registry.send("HEAD", f"/v2/{name}/manifests/{digest_of(image.manifest)}")
    assert (by_digest.status, by_digest.body) == (200, b"")
    assert by_digest.headers["Content-Length"] == str(len(image.manifest))


def test_the_same_image_can_be_pushed_again(registry):
    name, image = registry.repository(imageTagMutability="IMMUTABLE"), make_image()

    assert [registry.push(name, "1", image).status for _ in range(2)] == [201, 201]
    assert len(registry.ecr.list_images(repositoryName=name)["imageIds"]) == 1


def test_an_immutable_tag_is_not_moved(registry):
    name = registry.repository(imageTagMutability="IMMUTABLE")
    first, second = make_image(), make_image()
    registry.push(name, "1", first)

    refused = registry.push(name, "1", second)

    assert refused.error == (400, "TAG_INVALID")
    assert refused.json["errors"][0]["message"] == (
        f"The image tag '1' already exists in the '{name}' repository and cannot be overwritten because "
        "the tag is immutable."
    )
    assert registry.send("GET", f"/v2/{name}/manifests/1").body == first.manifest
    assert registry.push(name, "2", second).status == 201


def test_an_exclusion_filter_keeps_some_tags_mutable(registry):
    name = registry.repository(
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "dev-*"}],
    )
    for tag, status in (("dev-1", 201), ("1", 400)):
        assert registry.push(name, tag, make_image()).status == 201
        assert registry.push(name, tag, make_image()).status == status


def test_a_repository_must_exist(registry):
    refused = registry.send("POST", "/v2/no-such/blobs/uploads/", b"")

    assert refused.error == (404, "NAME_UNKNOWN")
    assert refused.json["errors"][0]["message"] == (
        "The repository with name 'no-such' does not exist in the registry with id '123456789012'"
    )


@pytest.mark.parametrize(
    "authorization",
    [None, basic("AWS", "guess"), basic("AWS", "e30=.00"), "Bearer x", "Basic x"],
)
def test_a_password_is_needed(registry, authorization):
    refused = registry.send("GET", "/v2/", Authorization=authorization)

    assert refused.error == (401, "UNAUTHORIZED")
    assert refused.headers["WWW-Authenticate"].startswith("Basic ")


def test_the_user_is_aws(registry):
    password = registry.password(registry.authorization.split()[1])

    assert registry.send("GET", "/v2/", Authorization=basic("AWS", password)).status == 200
    assert registry.send("GET", "/v2/", Authorization=basic("root", password)).status == 401


def test_a_range_of_a_layer(registry):
    name, content = registry.repository(), bytes(range(200))
    path = f"/v2/{name}/blobs/{registry.push_blob(name, content)}"

    part = registry.send("GET", path, Range="bytes=10-19")
    assert (part.status, part.body) == (206, content[10:20])
    assert part.headers["Content-Range"] == "bytes 10-19/200"
    assert registry.send("GET", path, Range="bytes=190-").body == content[190:]
    assert registry.send("GET", path, Range="bytes=-5").body == content[-5:]
    assert registry.send("GET", path, Range="bytes=200-").error == (416, "RANGE_INVALID")


def test_uploads(registry):
    name, content = registry.repository(), b"layer"
    digest, uploads = digest_of(b"layer"), f"/v2/{name}/blobs/uploads/"

    at_once = registry.send("POST", f"{uploads}?digest={digest}", content)
    assert at_once.status == 201
    other = registry.repository()
    mounted = registry.send("POST", f"/v2/{other}/blobs/uploads/?mount={digest}&from={name}", b"")
    assert mounted.status == 201
    assert registry.send("GET", f"/v2/{other}/blobs/{digest}").body == content

    place = registry.send("POST", uploads, b"").headers["Location"]
    wrong = registry.send("PUT", f"{place}?digest={digest}", b"other")
    assert wrong.error == (400, "DIGEST_INVALID")
    assert registry.send("GET", place).error == (404, "BLOB_UPLOAD_UNKNOWN")

    place = registry.send("POST", uploads, b"").headers["Location"]
    gap = registry.send("PATCH", place, content, Content_Range="3-7")
    assert gap.error == (416, "BLOB_UPLOAD_INVALID")
    assert registry.send("PATCH", place, content, Content_Range="0-4").headers["Range"] == "0-4"
    assert registry.send("DELETE", place).status == 204


def test_a_manifest_needs_its_layers(registry):
    name, image = registry.repository(), make_image()

    refused = registry.put_manifest(name, "1", image.manifest, MANIFEST)

    assert refused.error == (404, "MANIFEST_BLOB_UNKNOWN")
    assert digest_of(image.layers[0]) in refused.json["errors"][0]["message"]


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(b"{", MANIFEST), (b"[]", MANIFEST), (b"{}", MANIFEST), (b"{}", "text/plain")],
)
def test_a_wrong_manifest_is_refused(registry, content, media_type):
    refused = registry.put_manifest(registry.repository(), "1", content, media_type)

    assert refused.error == (400, "MANIFEST_INVALID")


def test_an_index_names_images_that_were_pushed(registry):
    name, image = registry.repository(), make_image()
    platform = {"os": "linux", "architecture": "amd64"}
    part = descriptor(image.manifest, MANIFEST, platform=platform)
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [part]}).encode()

    refused = registry.put_manifest(name, "all", index, INDEX)
    registry.push(name, "amd64", image)
    accepted = registry.put_manifest(name, "all", index, INDEX)

    assert refused.error == (404, "MANIFEST_BLOB_UNKNOWN")
    assert accepted.status == 201
    path = f"/v2/{name}/manifests/{digest_of(image.manifest)}"
    assert registry.send("DELETE", path).error == (400, "DENIED")


def test_tags_and_repositories_come_in_pages(registry):
    name = registry.repository()
    for tag in "abc":
        registry.push(name, tag, make_image())

    page = registry.send("GET", f"/v2/{name}/tags/list?n=2")
    rest = registry.send("GET", page.headers["Link"].partition(">")[0].lstrip("<"))

    assert page.json == {"name": name, "tags": ["a", "b"]}
    assert (rest.json["tags"], rest.headers["Link"]) == (["c"], None)
    assert name in registry.send("GET", "/v2/_catalog").json["repositories"]


def test_a_deleted_image_is_gone(registry):
    name, image = registry.repository(), make_image()
    registry.push(name, "1", image)
    registry.push(name, "2", image)
    path = f"/v2/{name}/manifests"
    layer = f"/v2/{name}/blobs/{digest_of(image.layers[0])}"

    assert registry.send("DELETE", layer).error == (405, "UNSUPPORTED")
    assert registry.send("DELETE", f"{path}/1").status == 202
    assert registry.send("GET", f"{path}/2").status == 200
    assert registry.send("DELETE", f"{path}/{digest_of(image.manifest)}").status == 202
    assert registry.send("GET", f"{path}/2").error == (404, "MANIFEST_UNKNOWN")
    assert registry.send("GET", layer).error == (404, "BLOB_UNKNOWN")


@pytest.mark.parametrize(("method", "path"), [("GET", "/v2/x/y"), ("POST", "/v2/_catalog")])
def test_what_the_registry_does_not_have_is_refused(registry, method, path):
    assert registry.send(method, path, b"" if method == "POST" else None).json["errors"]
