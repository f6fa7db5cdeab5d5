"""This project's own image: ``train`` and ``serve`` on its PATH, as SageMaker calls them.

The Dockerfile copies ``workflow/container`` to the image's PATH; here that directory is searched first.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from localaws.services.sagemaker.errors import RequestError
from localaws.services.sagemaker.images.launch import Image, Launch, ServingSetup, TrainingSetup

REPOSITORY_ROOT = Path(__file__).parents[6]
CONTAINER_DIRECTORY = REPOSITORY_ROOT / "workflow" / "container"


class OwnImage(Image):
    """An image in a repository of this account."""

    def __init__(self, uri: str, directory: Path = CONTAINER_DIRECTORY) -> None:
        super().__init__(uri)
        self._directory = directory

    def processing(self, entrypoint: Sequence[str], arguments: Sequence[str]) -> Launch:
        """The command of the request, with the image's programs on PATH."""
        launch = super().processing(entrypoint, arguments)
        return Launch(launch.argv, path=(self._directory,))

    def training(self, setup: TrainingSetup) -> Launch:
        """``docker run image train``."""
        self._require("train")
        return Launch(("train",), path=(self._directory,))

    def serving(self, setup: ServingSetup) -> Launch:
        """``docker run image serve``. A fleet shares one host, so the port 8080 of the contract is given as
        SAGEMAKER_BIND_TO_PORT, the variable with which SageMaker itself moves a container's port."""
        self._require("serve")
        return Launch(
            ("serve",),
            {"SAGEMAKER_BIND_TO_PORT": str(setup.port)},
            path=(self._directory,),
        )

    def _require(self, program: str) -> None:
        path = self._directory / program
        if not path.is_file():
            raise RequestError(
                f"the image {self.uri} is built from workflow/container, which has no file '{program}': "
                f"{path} does not exist."
            )
        if not os.access(path, os.X_OK):
            raise RequestError(f"{path} is not executable: chmod +x {path}")
