"""Source / ECR: describes an image (user guide: action-reference-ECR)."""

from __future__ import annotations

import json
from typing import Any, Final

from botocore.exceptions import ClientError

from localaws.services.codepipeline import artifacts, console
from localaws.services.codepipeline.models import Outcome, Revision
from localaws.services.codepipeline.runner import ActionFailedError, ActionRun

DIGEST_OVERRIDE: Final = "IMAGE_DIGEST"
_MISSING: Final = frozenset({"ImageNotFoundException", "RepositoryNotFoundException"})


class EcrSource:
    """Puts ``imageDetail.json`` with the digest and the address of an image into the artifact store."""

    def run(self, run: ActionRun) -> Outcome:
        """Describe the image with the tag, or the one that the execution was started with."""
        overrides = run.action.execution.source_overrides.get(run.action.declaration.name, {})
        repository = run.configuration["RepositoryName"]
        tag = run.configuration.get("ImageTag", "latest")
        digest = overrides.get(DIGEST_OVERRIDE)
        image = _image(run, repository, {"imageDigest": digest} if digest else {"imageTag": tag})
        digest, registry = image["imageDigest"], image["registryId"]
        address = f"{registry}.dkr.ecr.{run.context.region}.amazonaws.com/{repository}"
        detail = {
            "ImageSizeInBytes": str(image.get("imageSizeInBytes", 0)),
            "ImageDigest": digest,
            "Version": "1.0",
            "ImagePushedAt": image["imagePushedAt"].strftime("%a %b %d %H:%M:%S UTC %Y"),
            "RegistryId": registry,
            "RepositoryName": repository,
            "ImageURI": f"{address}@{digest}",
            "ImageTags": image.get("imageTags", []),
        }
        output = run.action.outputs[0]
        run.store_client().put_object(
            Bucket=output.bucket,
            Key=output.key,
            Body=artifacts.make_zip("imageDetail.json", json.dumps(detail).encode()),
            **run.encryption(),
        )
        url = console.ecr_image(run.context.region, registry, repository, digest)
        run.progress(external_id=digest, external_url=url)
        return Outcome(
            summary=f"{repository}:{tag}",
            variables={
                "ImageDigest": digest,
                "ImageTag": tag,
                "ImageURI": f"{address}:{tag}",
                "RegistryId": registry,
                "RepositoryName": repository,
            },
            revision=Revision(
                artifact_name=output.name,
                revision_id=digest,
                change_id=digest,
                summary=f"{repository}:{tag}",
                created=image["imagePushedAt"],
                url=url,
            ),
        )


def _image(run: ActionRun, repository: str, wanted: dict[str, str]) -> dict[str, Any]:
    try:
        found: list[dict[str, Any]] = run.client("ecr").describe_images(
            repositoryName=repository, imageIds=[wanted]
        )["imageDetails"]
    except ClientError as error:
        if error.response["Error"].get("Code") not in _MISSING:
            raise
        raise ActionFailedError("ConfigurationError", error.response["Error"]["Message"]) from error
    return found[0]
