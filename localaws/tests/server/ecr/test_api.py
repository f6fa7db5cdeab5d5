"""The API of ECR, with images that were pushed to the registry."""

import hashlib
import json
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from server.ecr.client import MANIFEST, digest_of, make_image


def refusal(call, **arguments):
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return raised.value.response["Error"]["Code"]


@pytest.fixture
def pushed(registry):
    """A repository with an image that has two tags."""
    name, image = registry.repository(), make_image()
    for tag in ("1", "latest"):
        registry.push(name, tag, image)
    return name, image, digest_of(image.manifest)


def test_the_token(registry):
    data = registry.ecr.get_authorization_token()["authorizationData"][0]

    assert timedelta(hours=11) < data["expiresAt"] - datetime.now(UTC) < timedelta(hours=13)
    assert data["proxyEndpoint"].startswith("http://127.0.0.1:")


def test_a_pushed_image_is_described(registry, pushed):
    name, image, digest = pushed

    (details,) = registry.ecr.describe_images(repositoryName=name)["imageDetails"]
    listed = registry.ecr.list_images(repositoryName=name)["imageIds"]

    assert details["imageDigest"] == digest
    assert details["imageTags"] == ["1", "latest"]
    assert details["imageSizeInBytes"] == len(image.config) + sum(map(len, image.layers))
    assert details["imageManifestMediaType"] == MANIFEST
    assert "imageScanStatus" not in details
    assert listed == [{"imageDigest": digest, "imageTag": tag} for tag in ("1", "latest")]


def test_listings_come_in_pages(registry):
    name = registry.repository()
    for tag in "abc":
        registry.push(name, tag, make_image())

    for operation, key in (("list_images", "imageIds"), ("describe_images", "imageDetails")):
        pages = registry.ecr.get_paginator(operation).paginate(
            repositoryName=name, PaginationConfig={"PageSize": 2}
        )
        assert [len(page[key]) for page in pages] == [2, 1]
    code = refusal(registry.ecr.list_images, repositoryName=name, nextToken="x")
    assert code == "InvalidParameterException"


def test_a_moved_tag_leaves_its_image_untagged(registry, pushed):
    name, _, digest = pushed
    registry.push(name, "1", make_image())
    registry.push(name, "latest", make_image())

    untagged = registry.ecr.list_images(repositoryName=name, filter={"tagStatus": "UNTAGGED"})
    tagged = registry.ecr.list_images(repositoryName=name, filter={"tagStatus": "TAGGED"})

    assert untagged["imageIds"] == [{"imageDigest": digest}]
    assert len(tagged["imageIds"]) == 2


def test_manifests_are_read_and_given_another_tag(registry, pushed):
    name, image, digest = pushed

    found = registry.ecr.batch_get_image(
        repositoryName=name,
        imageIds=[{"imageTag": "1"}, {"imageTag": "none"}, {"imageDigest": "x"}],
    )
    registry.ecr.put_image(
        repositoryName=name, imageManifest=found["images"][0]["imageManifest"], imageTag="again"
    )

    assert found["images"][0]["imageManifest"].encode() == image.manifest
    assert [failure["failureCode"] for failure in found["failures"]] == [
        "ImageNotFound", "InvalidImageDigest",
    ]  # fmt: skip
    (details,) = registry.ecr.describe_images(
        repositoryName=name, imageIds=[{"imageTag": "again"}]
    )["imageDetails"]
    assert details["imageDigest"] == digest
    code = refusal(
        registry.ecr.put_image,
        repositoryName=name, imageManifest=image.manifest.decode(), imageTag="again",
    )  # fmt: skip
    assert code == "ImageAlreadyExistsException"


def test_put_image_keeps_an_immutable_tag(registry):
    name = registry.repository(imageTagMutability="IMMUTABLE")
    image = make_image()
    registry.push(name, "1", make_image())
    registry.push(name, "2", image)

    code = refusal(
        registry.ecr.put_image,
        repositoryName=name, imageManifest=image.manifest.decode(), imageTag="1",
    )  # fmt: skip

    assert code == "ImageTagAlreadyExistsException"


def test_images_are_deleted_by_tag_and_by_digest(registry, pushed):
    name, _, digest = pushed

    by_tag = registry.ecr.batch_delete_image(repositoryName=name, imageIds=[{"imageTag": "1"}])
    by_digest = registry.ecr.batch_delete_image(
        repositoryName=name, imageIds=[{"imageDigest": digest}, {"imageTag": "1"}, {}]
    )

    assert by_tag["imageIds"] == [{"imageDigest": digest, "imageTag": "1"}]
    assert by_digest["imageIds"] == [{"imageDigest": digest, "imageTag": "latest"}]
    assert [failure["failureCode"] for failure in by_digest["failures"]] == [
        "ImageNotFound", "MissingDigestAndTag",
    ]  # fmt: skip
    assert registry.ecr.describe_images(repositoryName=name)["imageDetails"] == []
    code = refusal(registry.ecr.describe_images, repositoryName=name, imageIds=[{"imageTag": "1"}])
    assert code == "ImageNotFoundException"


def test_a_repository_with_images_needs_force(registry, pushed):
    name, image, _ = pushed

    assert refusal(registry.ecr.delete_repository, repositoryName=name) == (
        "RepositoryNotEmptyException"
    )
    deleted = registry.ecr.delete_repository(repositoryName=name, force=True)["repository"]
    assert deleted["repositoryName"] == name
    assert refusal(registry.ecr.list_images, repositoryName=name) == "RepositoryNotFoundException"
    registry.ecr.create_repository(repositoryName=name)
    layer = f"/v2/{name}/blobs/{digest_of(image.layers[0])}"
    assert registry.send("GET", layer).error == (404, "BLOB_UNKNOWN")


def test_layers_through_the_api(registry):
    name, content = registry.repository(), b"a layer" * 1000
    digest = digest_of(content)
    ecr, here = registry.ecr, {"repositoryName": name}
    upload = ecr.initiate_layer_upload(**here)["uploadId"]
    ecr.upload_layer_part(
        **here, uploadId=upload, partFirstByte=0, partLastByte=999, layerPartBlob=content[:1000]
    )
    gap = {"partFirstByte": 5000, "partLastByte": 5000, "layerPartBlob": b"x"}
    assert refusal(ecr.upload_layer_part, **here, uploadId=upload, **gap) == (
        "InvalidLayerPartException"
    )
    ecr.upload_layer_part(
        **here, uploadId=upload, partFirstByte=1000, partLastByte=len(content) - 1,
        layerPartBlob=content[1000:],
    )  # fmt: skip
    ecr.complete_layer_upload(**here, uploadId=upload, layerDigests=[digest])

    missing = f"sha256:{'0' * 64}"
    available = ecr.batch_check_layer_availability(**here, layerDigests=[digest, missing])
    url = ecr.get_download_url_for_layer(**here, layerDigest=digest)["downloadUrl"]
    with urllib.request.urlopen(url) as answer:
        assert hashlib.sha256(answer.read()).hexdigest() == digest.partition(":")[2]

    assert available["layers"][0]["layerSize"] == len(content)
    assert available["failures"][0]["failureCode"] == "MissingLayerDigest"
    with pytest.raises(urllib.error.HTTPError, match="401") as refused:
        urllib.request.urlopen(url.replace(digest, missing))
    refused.value.close()
    code = refusal(ecr.get_download_url_for_layer, **here, layerDigest=missing)
    assert code == "LayersNotFoundException"


def test_a_scan_on_push_is_recorded_and_says_that_nothing_ran(registry):
    name = registry.repository(imageScanningConfiguration={"scanOnPush": True})
    registry.push(name, "1", make_image())
    image = {"repositoryName": name, "imageId": {"imageTag": "1"}}

    findings = registry.ecr.describe_image_scan_findings(**image)
    (details,) = registry.ecr.describe_images(repositoryName=name)["imageDetails"]

    assert findings["imageScanStatus"]["status"] == "FAILED"
    assert "no database of vulnerabilities" in findings["imageScanStatus"]["description"]
    assert "imageScanFindings" not in findings
    assert details["imageScanStatus"] == findings["imageScanStatus"]
    assert refusal(registry.ecr.start_image_scan, **image) == "LimitExceededException"


def test_an_image_is_scanned_on_request(registry, pushed):
    image = {"repositoryName": pushed[0], "imageId": {"imageTag": "1"}}

    assert refusal(registry.ecr.describe_image_scan_findings, **image) == "ScanNotFoundException"
    assert registry.ecr.start_image_scan(**image)["imageScanStatus"]["status"] == "FAILED"


def test_the_preview_of_a_lifecycle_policy(registry):
    name = registry.repository()
    for tag in ("a", "b", "c"):
        registry.push(name, tag, make_image())
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1}
    rule = {"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}
    here = {"repositoryName": name}

    code = refusal(registry.ecr.start_lifecycle_policy_preview, **here)
    registry.ecr.put_lifecycle_policy(**here, lifecyclePolicyText=json.dumps({"rules": [rule]}))
    registry.ecr.start_lifecycle_policy_preview(**here)
    preview = registry.ecr.get_lifecycle_policy_preview(**here)

    assert code == "LifecyclePolicyNotFoundException"
    assert preview["summary"]["expiringImageTotalCount"] == 2
    assert sorted(tag for r in preview["previewResults"] for tag in r["imageTags"]) == ["a", "b"]
    wrong = json.dumps({"rules": [rule | {"selection": {"tagStatus": "neither of the three"}}]})
    code = refusal(registry.ecr.start_lifecycle_policy_preview, **here, lifecyclePolicyText=wrong)
    assert code == "InvalidParameterException"


def test_a_push_is_an_event(registry, aws):
    name = registry.repository()
    queue = aws("sqs").create_queue(QueueName=name.replace("/", "-"))["QueueUrl"]
    arn = f"arn:aws:sqs:{aws('sqs').meta.region_name}:123456789012:{name.replace('/', '-')}"
    pattern = {"source": ["aws.ecr"], "detail": {"repository-name": [name]}}
    aws("events").put_rule(Name=name.replace("/", "-"), EventPattern=json.dumps(pattern))
    aws("events").put_targets(Rule=name.replace("/", "-"), Targets=[{"Id": "1", "Arn": arn}])
    image = make_image()

    registry.push(name, "1", image)
    message = receive(aws("sqs"), queue)

    assert message["detail-type"] == "ECR Image Action"
    assert message["detail"] == {
        "result": "SUCCESS", "repository-name": name, "image-digest": digest_of(image.manifest),
        "action-type": "PUSH", "image-tag": "1", "manifest-media-type": MANIFEST,
        "artifact-media-type": "application/vnd.docker.container.image.v1+json",
    }  # fmt: skip


def receive(sqs, queue):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", [])
        if found:
            return json.loads(found[0]["Body"])
    raise AssertionError("no event")


def test_replication_is_refused_by_name(registry):
    code = refusal(
        registry.ecr.put_replication_configuration, replicationConfiguration={"rules": []}
    )
    assert code == "NotImplementedException"
