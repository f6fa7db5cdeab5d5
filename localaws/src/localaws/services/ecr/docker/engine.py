"""Who carries out the commands: the machine's Docker daemon, else buildah, else nobody."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from localaws.services.ecr.docker.errors import DockerError

MODULE: Final = "localaws.services.ecr.docker"
INSTALL: Final = "sudo apt-get install -y --no-install-recommends buildah"
_SOCKET: Final = "unix:///var/run/docker.sock"
_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Build:
    """A request to build an image."""

    context: str
    dockerfile: str | None = None
    tags: tuple[str, ...] = ()
    arguments: Mapping[str, str | None] = field(default_factory=dict)
    """Values of ARG. None takes the value of the environment."""
    labels: tuple[str, ...] = ()
    target: str | None = None
    platform: str | None = None
    secrets: tuple[str, ...] = ()
    no_cache: bool = False
    pull: bool = False
    quiet: bool = False
    iidfile: str | None = None


class Engine(ABC):
    """Builds, keeps, pushes and pulls images."""

    description: str

    @abstractmethod
    def build(self, build: Build) -> None:
        """Build an image and give it its tags."""

    @abstractmethod
    def login(self, host: str, user: str, password: str) -> None:
        """Keep a password for a registry, after the registry has taken it."""

    @abstractmethod
    def logout(self, host: str) -> bool:
        """Forget the password for a registry. False when there was none."""

    @abstractmethod
    def push(self, image: str) -> None:
        """Push an image and print its digest."""

    @abstractmethod
    def pull(self, image: str) -> None:
        """Pull an image."""

    def tag(self, source: str, target: str) -> None:
        """Give an image another name."""
        self._run("tag", source, target)

    def remove(self, images: Sequence[str], *, force: bool) -> None:
        """Remove names of images."""
        self._run("rmi", *(["--force"] if force else []), *images)

    def images(self, options: Sequence[str]) -> None:
        """Print the images."""
        self._run("images", *options)

    @abstractmethod
    def inspect(self, image: str) -> dict[str, Any]:
        """What ``docker image inspect`` says about an image."""

    @abstractmethod
    def _run(self, *words: str, stdin: str | None = None) -> None:
        """Run a command of the program, whose name and options are those of Docker's client."""


def choose(environ: Mapping[str, str] = os.environ) -> Engine:
    """The first engine that works here.

    Raises:
        DockerError: there is none. The text has the line to type.
    """
    from localaws.services.ecr.docker.buildah import BuildahEngine
    from localaws.services.ecr.docker.daemon import DaemonEngine

    host = environ.get("DOCKER_HOST") or _SOCKET
    if daemon_answers(host):
        program = docker_program(environ.get("PATH", os.defpath))
        if program:
            return DaemonEngine(program, environ)
        raise DockerError(
            f"a Docker daemon answers at {host}, but its client is not on PATH. Install it, for example: "
            "sudo apt-get install -y --no-install-recommends docker.io"
        )
    buildah = shutil.which("buildah", path=environ.get("PATH", os.defpath))
    if buildah:
        return BuildahEngine(buildah, environ)
    raise DockerError(
        f"Cannot connect to the Docker daemon at {host}, and buildah is not installed. localaws builds "
        f"images with one of the two. To install buildah: {INSTALL}"
    )


def daemon_answers(host: str) -> bool:
    """Whether a Docker daemon answers at an address of DOCKER_HOST: unix:// or tcp://."""
    kind, _, place = host.partition("://")
    connection = http.client.HTTPConnection(
        place if kind == "tcp" else "localhost", timeout=_SECONDS
    )
    try:
        if kind == "unix":
            connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.sock.settimeout(_SECONDS)
            connection.sock.connect(place)
        elif kind != "tcp":
            return False
        connection.request("GET", "/_ping")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def docker_program(path: str) -> str | None:
    """Docker's own client on PATH, which may come after a script that calls this module."""
    for directory in path.split(os.pathsep):
        found = shutil.which("docker", path=directory or ".")
        if found and MODULE.encode() not in _beginning(found):
            return found
    return None


def _beginning(path: str) -> bytes:
    with Path(path).open("rb") as file:
        return file.read(4096)
