"""An image of this account that was pushed to ECR. It really runs: its files, user, variables and command."""

from __future__ import annotations

from collections.abc import Sequence

from localaws.services.ecr.pushed_images import PushedImage
from localaws.services.sagemaker.errors import RequestError
from localaws.services.sagemaker.images.launch import Image, Launch, ServingSetup, TrainingSetup


class RegistryImage(Image):
    """An image as ``docker run`` starts it."""

    def __init__(self, pushed: PushedImage) -> None:
        super().__init__(pushed.uri)
        self._pushed = pushed

    @property
    def resolved_uri(self) -> str:
        """The URI with the digest that the tag had when the image was looked up."""
        return self._pushed.resolved_uri

    def processing(self, entrypoint: Sequence[str], arguments: Sequence[str]) -> Launch:
        """ContainerEntrypoint replaces ENTRYPOINT and CMD, ContainerArguments replace CMD."""
        config = self._pushed.config
        argv = (*entrypoint, *arguments) if entrypoint else self._command(arguments or config.cmd)
        if not argv:
            raise RequestError(
                f"the image {self.uri} has neither ENTRYPOINT nor CMD. "
                "Give AppSpecification.ContainerEntrypoint."
            )
        return Launch(argv, image=self._pushed)

    def training(self, setup: TrainingSetup) -> Launch:
        """``docker run image train``."""
        return Launch(self._command(["train"]), image=self._pushed)

    def serving(self, setup: ServingSetup) -> Launch:
        """``docker run image serve``, on a port of its own as for an image of a directory.

        The container has the network of this machine. An image that listens on every address would be
        reachable from outside; SERVING_HOST tells an image that reads it, as ours does, not to.
        """
        return Launch(
            self._command(["serve"]),
            {"SAGEMAKER_BIND_TO_PORT": str(setup.port), "SERVING_HOST": "127.0.0.1"},
            image=self._pushed,
        )

    def _command(self, arguments: Sequence[str]) -> tuple[str, ...]:
        return (*self._pushed.config.entrypoint, *arguments)
