"""The environment image of a build: the programs of this machine, or an image that was pushed to ECR."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from localaws.core.context import Context
from localaws.services.codebuild.errors import PhaseError
from localaws.services.codebuild.machine import (
    HOME,
    ROOT,
    Directories,
    docker_program,
    host_command,
    image_store,
)
from localaws.services.codebuild.models import Document
from localaws.services.codebuild.project_check import is_managed_image
from localaws.services.codebuild.session import AGENT, MARK
from localaws.services.ecr.containers.container import ImageContainer, Mount
from localaws.services.ecr.pushed_images import ImageError, PushedImages

# For the keys of a cache.
_HASH_FILES: Final = '#!/bin/sh\ncat -- "$@" | sha256sum | cut -d" " -f1\n'
_NO_DOCKER: Final = (
    "#!/bin/sh\n"
    "echo 'localaws builds images only in the environment images of CodeBuild (aws/codebuild/...), "
    "not in an image of your own' >&2\n"
    "exit 1\n"
)


@dataclass(frozen=True)
class Prepared:
    """How the agent of a build starts."""

    command: list[str]
    path: str
    variables: Mapping[str, str]


def prepare(
    context: Context, environment: Document, directories: Directories, mark: str
) -> Prepared:
    """Prepare the image of a build.

    Args:
        context: has the images of ECR.
        environment: that of the build.
        directories: those of the build.
        mark: the value of the variable by which the processes of the build are found.

    Raises:
        PhaseError: there is no such image, or it cannot run here.
    """
    image: str = environment["image"]
    managed, privileged = is_managed_image(image), environment.get("privilegedMode", False)
    docker = docker_program(privileged) if managed or not privileged else _NO_DOCKER
    for name, text in (("docker", docker), ("codebuild-hash-files", _HASH_FILES)):
        program = directories.codebuild / "bin" / name
        program.write_text(text)
        program.chmod(0o755)
    if not managed:
        return _pushed(context, image, directories, mark)
    store = image_store(os.environ) if privileged else None
    command = host_command(directories, ["/bin/sh", "-c", AGENT], store)
    variables = {"LOCALAWS_BUILD_DIR": str(store)} if store else {}
    return Prepared(command, os.environ["PATH"], variables)


def _pushed(context: Context, uri: str, directories: Directories, mark: str) -> Prepared:
    try:
        found = context.shared(PushedImages).find(uri)
        if found is None:
            raise _unable(f"manifest for {uri} not found: it was not pushed")
        container = ImageContainer(found, directories.base / "container", "root")
        variables = container.environment({"HOME": HOME})
        command = container.command(
            ["/bin/sh", "-c", AGENT],
            {**variables, MARK: mark},
            [
                Mount(directories.codebuild, ROOT),
                Mount(directories.home, HOME),
            ],
            working_directory=ROOT,
        )
    except ImageError as error:
        raise _unable(str(error)) from error
    return Prepared(command, variables["PATH"], variables)


def _unable(message: str) -> PhaseError:
    return PhaseError(
        "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE",
        f"Unable to pull customer's container image. CannotPullContainerError: {message}",
    )
