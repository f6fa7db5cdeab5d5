"""Git in one folder."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from landing_zone.core.errors import OperatorError

_OTHER_REPOSITORY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")


@dataclass(frozen=True)
class Git:
    """Git in one folder."""

    folder: Path

    def run(self, *arguments: str) -> str:
        """The output of a command; an error has Git's message."""
        done = self.call(*arguments)
        if done.returncode:
            message = done.stderr.strip() or done.stdout.strip()
            raise OperatorError(f"git {' '.join(arguments)} failed in {self.folder}: {message}")
        return done.stdout.strip()

    def find(self, *arguments: str) -> str:
        """The output of a command; empty when it fails, or when there is no Git."""
        try:
            return self.run(*arguments)
        except (OSError, OperatorError):
            return ""

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        # A hook or a test may have pointed Git to another repository.
        environment = {k: v for k, v in os.environ.items() if k not in _OTHER_REPOSITORY}
        return subprocess.run(
            ["git", "-C", str(self.folder), *arguments],
            env=environment,
            text=True,
            capture_output=True,
            check=False,
        )
