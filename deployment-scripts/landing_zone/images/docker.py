"""The docker command line: build, tag, push, log in."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from landing_zone.core.errors import OperatorError

_TRIES = 3
# A registry that answers so will answer so again.
_FINAL = ("immutable", "denied", "no basic auth credentials", "unauthorized", "does not exist")


@dataclass(frozen=True)
class Docker:
    """A docker program, and how to wait between two tries of a push."""

    program: str = "docker"
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    wait: Callable[[float], None] = time.sleep

    def require(self) -> None:
        """Refuse a machine without docker, or whose daemon does not answer, with what to do."""
        if not shutil.which(self.program, path=self.environment.get("PATH")):
            raise OperatorError(
                f"{self.program} is not on PATH. Install Docker, or let the pipeline build the image "
                "(a CodeBuild project with privilegedMode has it)"
            )
        done = self._run(["version"])
        if done.returncode:
            raise OperatorError(
                f"docker cannot build here: {_last(done.stderr)}. Start the Docker daemon, or let the "
                "pipeline build the image"
            )

    def build(
        self,
        tag: str,
        dockerfile: str,
        labels: Mapping[str, str],
        root: Path,
        arguments: Sequence[str],
    ) -> None:
        """Build and show the progress."""
        options = [f"--label={name}={value}" for name, value in labels.items()]
        options += [f"--build-arg={argument}" for argument in arguments]
        command = ["build", "--file", dockerfile, "--tag", tag, *options, "."]
        done = subprocess.run(
            [self.program, *command], cwd=root, env={**self.environment}, check=False
        )
        if done.returncode:
            raise OperatorError(
                f"docker build failed with exit code {done.returncode}; its message is above"
            )

    def login(self, ecr: Any, registry: str) -> None:
        """Log in to the account's registry."""
        data = ecr.get_authorization_token()["authorizationData"][0]
        user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
        # From standard input: arguments can be read by every user of the machine.
        done = self._run(["login", "--username", user, "--password-stdin", registry], password)
        if done.returncode:
            raise OperatorError(f"docker login to {registry} failed: {_last(done.stderr)}")

    def push(self, local: str, remote: str) -> None:
        """Tag and push; a failed connection is tried again, a refusal is not."""
        tagged = self._run(["tag", local, remote])
        if tagged.returncode:
            raise OperatorError(f"docker tag {local} {remote} failed: {_last(tagged.stderr)}")
        for attempt in range(1, _TRIES + 1):
            done = self._run(["push", remote])
            if not done.returncode:
                return
            message = _last(done.stderr or done.stdout)
            if any(word in message.lower() for word in _FINAL) or attempt == _TRIES:
                raise OperatorError(f"docker push {remote} failed: {message}")
            pause = 2.0**attempt
            print(f"push failed ({message}); try {attempt + 1} of {_TRIES} in {pause:.0f} s")
            self.wait(pause)

    def _run(self, arguments: Sequence[str], text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, *arguments], env={**self.environment}, input=text, text=True,
            capture_output=True, check=False,
        )  # fmt: skip


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "no message"
