"""What an image decides: the command and the environment of its container."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localaws.services.ecr.pushed_images import PushedImage
from localaws.services.sagemaker.container.sandbox import Sandbox
from localaws.services.sagemaker.errors import RequestError


@dataclass(frozen=True)
class Launch:
    """How to start a container's process."""

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    path: tuple[Path, ...] = ()
    working_directory: str | None = None
    image: PushedImage | None = None
    """The image whose files are the root directory; None for the files of this machine."""


@dataclass(frozen=True)
class TrainingSetup:
    """What the command of a training job depends on."""

    job_name: str
    hyperparameters: Mapping[str, str]
    channels: Mapping[str, dict[str, Any]]
    resource_config: Mapping[str, Any]
    region: str
    network_isolation: bool
    sandbox: Sandbox
    fetch: Callable[[str, Path], None]
    """Copies an S3 object, given by its URI, to a file."""


@dataclass(frozen=True)
class ServingSetup:
    """What the command of a serving container depends on."""

    environment: Mapping[str, str]
    model_directory: Path
    port: int
    network_isolation: bool
    sandbox: Sandbox
    fetch: Callable[[str, Path], None]


class Image(ABC):
    """One kind of image."""

    def __init__(self, uri: str) -> None:
        self.uri = uri

    @property
    def resolved_uri(self) -> str:
        """The URI that names the image for good. Only an image in the registry has a digest."""
        return self.uri

    def processing(self, entrypoint: Sequence[str], arguments: Sequence[str]) -> Launch:
        """The command of a processing job.

        Raises:
            RequestError: the image has no entry point of its own.
        """
        if not entrypoint:
            raise RequestError(
                f"the image {self.uri} has no entry point for processing. "
                "Give AppSpecification.ContainerEntrypoint."
            )
        return Launch((*entrypoint, *arguments))

    @abstractmethod
    def training(self, setup: TrainingSetup) -> Launch:
        """The command of a training job."""

    @abstractmethod
    def serving(self, setup: ServingSetup) -> Launch:
        """The command of an endpoint or a transform job."""

    def training_failure(self, launch: Launch, code: int, tail: Sequence[str]) -> str:
        """The text for FailureReason when the container wrote no failure file."""
        return ""
