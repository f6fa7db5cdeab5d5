"""The image repository of a deployment: what is pushed under a tag."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from landing_zone.core.aws import error_code
from landing_zone.core.errors import OperatorError


def repository_uri(ecr: Any, name: str) -> str:
    """The URI of the repository; nothing is created here, since Terraform owns it."""
    try:
        found = ecr.describe_repositories(repositoryNames=[name])["repositories"][0]
    except ClientError as error:
        if error_code(error) != "RepositoryNotFoundException":
            raise
        raise OperatorError(
            f"the image repository {name} does not exist. Deploy it first: "
            "bash deployment-scripts/quick-deploy.sh"
        ) from error
    return str(found["repositoryUri"])


def pushed_digest(ecr: Any, name: str, tag: str) -> str:
    """The digest under a tag; empty where nothing was pushed."""
    try:
        found = ecr.describe_images(repositoryName=name, imageIds=[{"imageTag": tag}])
    except ClientError as error:
        if error_code(error) == "ImageNotFoundException":
            return ""
        raise
    return str(found["imageDetails"][0]["imageDigest"])
