"""The engine that passes commands on to the machine's Docker daemon."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from localaws.services.ecr.docker.dockerfile import base_images
from localaws.services.ecr.docker.engine import Build, Engine
from localaws.services.ecr.docker.errors import DockerError
from localaws.services.ecr.docker.names import LocalRegistry, is_ecr

# A daemon takes registries on 127.0.0.0/8 without TLS, so the local registry needs no setting there.


class DaemonEngine(Engine):
    """Docker's own client, with names of ECR mapped before a push and after a pull.

    Args:
        program: Docker's client.
        environ: has AWS_ENDPOINT_URL and what Docker's client reads.
    """

    description = "the Docker daemon of this machine"

    def __init__(self, program: str, environ: Mapping[str, str]) -> None:
        self._program = program
        self._environ = environ

    def build(self, build: Build) -> None:
        text = dockerfile_of(build).read_text(encoding="utf-8")
        given = {name: value or "" for name, value in build.arguments.items()}
        for image in base_images(text, given):
            if is_ecr(image):
                self.pull(image)
        # --pull would look for the images of ECR on AWS.
        options = {
            "--file": build.dockerfile, "--target": build.target, "--platform": build.platform,
            "--iidfile": build.iidfile,
        }  # fmt: skip
        words = [word for name, value in options.items() if value for word in (name, value)]
        for name, value in build.arguments.items():
            words += ["--build-arg", name if value is None else f"{name}={value}"]
        for name, values in (
            ("--tag", build.tags), ("--label", build.labels), ("--secret", build.secrets)
        ):  # fmt: skip
            words += [word for value in values for word in (name, value)]
        words += ["--no-cache"] if build.no_cache else []
        words += ["--quiet"] if build.quiet else []
        self._run("build", *words, build.context)

    def login(self, host: str, user: str, password: str) -> None:
        place = self._registry.endpoint if is_ecr(host) else host
        self._run("login", "--username", user, "--password-stdin", place, stdin=password)

    def logout(self, host: str) -> bool:
        self._run("logout", self._registry.endpoint if is_ecr(host) else host)
        return True

    def push(self, image: str) -> None:
        if not is_ecr(image):
            self._run("push", image)
            return
        local = self._registry.name(image)
        self._run("tag", image, local)
        self._run("push", local)

    def pull(self, image: str) -> None:
        if not is_ecr(image):
            self._run("pull", image)
            return
        local = self._registry.name(image)
        self._run("pull", local)
        self._run("tag", local, image.partition("@")[0])

    def inspect(self, image: str) -> dict[str, Any]:
        done = subprocess.run(
            [self._program, "image", "inspect", image],
            capture_output=True, text=True, check=False, env=dict(self._environ),
        )  # fmt: skip
        if done.returncode:
            raise DockerError(done.stderr.strip())
        found: dict[str, Any] = json.loads(done.stdout)[0]
        return found

    @property
    def _registry(self) -> LocalRegistry:
        return LocalRegistry.from_environment(self._environ)

    def _run(self, *words: str, stdin: str | None = None) -> None:
        done = subprocess.run(
            [self._program, *words], input=stdin, text=True, check=False, env=dict(self._environ)
        )
        if done.returncode:
            raise DockerError(f"docker {words[0]} ended with exit code {done.returncode}")


def dockerfile_of(build: Build) -> Path:
    """The Dockerfile of a build.

    Raises:
        DockerError: it does not exist.
    """
    path = Path(build.dockerfile) if build.dockerfile else Path(build.context, "Dockerfile")
    if not path.is_file():
        raise DockerError(
            f"unable to prepare context: there is no Dockerfile at {path}. Name one with --file."
        )
    return path
