"""The environment image of a build: the programs of this machine, or an image that was pushed to ECR."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from localaws.core.context import Context
from localaws.services.codebuild.errors import PhaseError
from localaws.services.codebuild.models import Document
from localaws.services.codebuild.project_check import is_managed_image
from localaws.services.codebuild.session import AGENT, Directories, docker_program, host_command


@dataclass(frozen=True)
class Prepared:
    """How the agent of a build starts."""

    command: list[str]
    path: str
    variables: Mapping[str, str]


def prepare(context: Context, environment: Document, directories: Directories) -> Prepared:
    """Prepare the image of a build.

    Raises:
        PhaseError: there is no such image.
    """
    docker = directories.codebuild / "bin/docker"
    docker.write_text(docker_program(environment.get("privilegedMode", False)))
    docker.chmod(0o755)
    image: str = environment["image"]
    if not is_managed_image(image):
        raise PhaseError(
            "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE",
            f"Unable to pull customer's container image. CannotPullContainerError: {image} not found",
        )
    command = host_command(directories, ["/bin/sh", "-c", AGENT])
    return Prepared(command, os.environ["PATH"], {})
