"""An image of this account whose programs are in a directory of this machine.

In a real image they are on PATH: SageMaker runs ``train`` for a training job, ``serve`` for an endpoint or
a transform job, and the entry point of the request for a processing job.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from localaws.services.sagemaker.errors import RequestError
from localaws.services.sagemaker.images.launch import Image, Launch, ServingSetup, TrainingSetup


class DirectoryImage(Image):
    """An image with the programs of ``directory`` first on its PATH."""

    def __init__(self, uri: str, directory: Path) -> None:
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
        """``docker run image serve``.

        All containers share the ports of this machine, so each gets a port of its own in
        SAGEMAKER_BIND_TO_PORT, the variable with which SageMaker itself moves the port of a container.
        """
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
                f"the image {self.uri} is the directory {self._directory}, which has no file '{program}'. "
                "Add the program, or start localaws with another directory for the image (--image)."
            )
        if not os.access(path, os.X_OK):
            raise RequestError(f"{path} is not executable: chmod +x {path}")
