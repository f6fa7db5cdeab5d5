"""Names of images, and which of them are in the registry of localaws."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from localaws.services.ecr.docker.errors import DockerError

_ECR_HOST = re.compile(r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?")


@dataclass(frozen=True)
class LocalRegistry:
    """The registry of localaws.

    Args:
        endpoint: where it is, without the scheme, for example ``127.0.0.1:4566``.
    """

    endpoint: str

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> LocalRegistry:
        """The registry of the server that AWS_ENDPOINT_URL names.

        Raises:
            DockerError: the variable is missing or is no address of this machine.
        """
        url = (environ if environ is not None else os.environ).get("AWS_ENDPOINT_URL", "")
        parts = urlsplit(url)
        local = parts.hostname in ("127.0.0.1", "localhost")
        if parts.scheme != "http" or not local or not parts.port:
            raise DockerError(
                f"AWS_ENDPOINT_URL is {url!r}, but must be the address of localaws, because images of ECR "
                "are pushed to it and pulled from it. For example: export "
                "AWS_ENDPOINT_URL=http://127.0.0.1:4566. To use the registry of AWS, use Docker's client."
            )
        return cls(f"{parts.hostname}:{parts.port}")

    def name(self, image: str) -> str:
        """The name of an image of ECR in this registry: the host is replaced."""
        return f"{self.endpoint}/{image.partition('/')[2]}"


def host_of(image: str) -> str:
    """The registry of an image's name, as Docker finds it: ``docker.io`` when the name has none."""
    first, separator, _ = image.partition("/")
    has_host = separator and ("." in first or ":" in first or first == "localhost")
    return first if has_host else "docker.io"


def is_ecr(image: str) -> bool:
    """Whether an image, or a registry, is one of ECR."""
    return _ECR_HOST.fullmatch(image.partition("/")[0]) is not None


def with_tag(image: str) -> str:
    """The name with ``:latest`` when it has neither a tag nor a digest."""
    last = image.rpartition("/")[2]
    return image if ":" in last or "@" in last else f"{image}:latest"
