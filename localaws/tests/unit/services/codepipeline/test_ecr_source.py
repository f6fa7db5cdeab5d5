"""The ECR source action."""
# ruff: noqa: N803 - the arguments have boto3's names

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime
from typing import Any

from unit.services.codepipeline.definitions import git_pipeline
from unit.services.codepipeline.fakes import ACCOUNT, Harness, action, approval, refusal

DIGESTS = {"latest": "sha256:" + "a" * 64, "old": "sha256:" + "b" * 64}


class FakeEcr:
    """One repository with two images."""

    def describe_images(
        self, repositoryName: str, imageIds: list[dict[str, str]]
    ) -> dict[str, Any]:
        wanted = imageIds[0]
        for tag, digest in DIGESTS.items():
            if wanted in ({"imageTag": tag}, {"imageDigest": digest}):
                return {
                    "imageDetails": [
                        {
                            "registryId": ACCOUNT,
                            "repositoryName": repositoryName,
                            "imageDigest": digest,
                            "imageTags": [tag],
                            "imageSizeInBytes": 7,
                            "imagePushedAt": datetime(2026, 1, 2, tzinfo=UTC),
                        }
                    ]
                }
        raise refusal("ImageNotFoundException", "DescribeImages", "The image does not exist")


def definition(**configuration: str) -> dict[str, Any]:
    members = {"RepositoryName": "ml-core"} | configuration
    source = action("Image", "ECR", "Source", configuration=members, outputs=["Detail"])
    return git_pipeline([approval()], source=source)


def test_an_image_is_described(harness: Harness) -> None:
    harness.context.ecr = FakeEcr()
    harness.api.create_pipeline({"pipeline": definition()})
    harness.token("Stage1", "Approve")
    output = harness.actions()[0]["output"]
    address = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/ml-core"
    assert output["outputVariables"] == {
        "ImageDigest": DIGESTS["latest"],
        "ImageTag": "latest",
        "ImageURI": f"{address}:latest",
        "RegistryId": ACCOUNT,
        "RepositoryName": "ml-core",
    }
    place = output["outputArtifacts"][0]["s3location"]
    stored = harness.context.s3.get_object(place["bucket"], place["key"])["Body"].read()
    with zipfile.ZipFile(io.BytesIO(stored)) as archive:
        detail = json.loads(archive.read("imageDetail.json"))
    assert detail["ImageURI"] == f"{address}@{DIGESTS['latest']}"
    assert detail["ImageTags"] == ["latest"]
    assert harness.executions()[0]["sourceRevisions"][0]["revisionId"] == DIGESTS["latest"]

    harness.approve("Stage1")
    override = {
        "actionName": "Image",
        "revisionType": "IMAGE_DIGEST",
        "revisionValue": DIGESTS["old"],
    }
    second = harness.start(sourceRevisions=[override])
    harness.token("Stage1", "Approve")
    assert harness.actions(second)[0]["output"]["outputVariables"]["ImageDigest"] == DIGESTS["old"]


def test_a_missing_image_fails_the_action(harness: Harness) -> None:
    harness.context.ecr = FakeEcr()
    harness.api.create_pipeline({"pipeline": definition(ImageTag="nope")})
    first = harness.executions()[0]["pipelineExecutionId"]
    harness.wait(first, "Failed")
    error = harness.latest("Source", "Image")["errorDetails"]
    assert error == {"code": "ConfigurationError", "message": "The image does not exist"}
