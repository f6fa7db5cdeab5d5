"""Runs the commands of Git, apart from the settings of the user and the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from localaws.core.errors import AwsError

_TIMEOUT_SECONDS: Final = 300
_LAST_LINES: Final = 5


class GitError(Exception):
    """A command of Git failed. The text is what it printed."""


def environment() -> dict[str, str]:
    """The environment of every process of Git: no hooks, pagers, prompts or settings of this machine."""
    settings = {
        # A repository that a user names may belong to somebody else; its hooks are not run either way.
        "safe.directory": "*",
        "core.hooksPath": os.devnull,
        # Work in the background would outlive the server.
        "gc.auto": "0",
        "maintenance.auto": "false",
    }
    numbered = {
        name: value
        for number, (key, setting) in enumerate(settings.items())
        for name, value in (
            (f"GIT_CONFIG_KEY_{number}", key),
            (f"GIT_CONFIG_VALUE_{number}", setting),
        )
    }
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.devnull,
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_COUNT": str(len(settings)),
        **numbered,
    }


def git(
    repository: Path,
    *arguments: str,
    text: bytes = b"",
    more: Mapping[str, str] | None = None,
    allowed: Sequence[int] = (0,),
) -> bytes:
    """Run a command of Git in a repository and return what it prints.

    Args:
        repository: the bare repository.
        arguments: the command and its arguments. A value from a request must not begin with a dash.
        text: the standard input.
        more: additional variables of its environment.
        allowed: exit codes that are no failure.

    Raises:
        GitError: the command failed.
        AwsError: Git is not installed.
    """
    done = subprocess.run(
        [program(), f"--git-dir={repository}", *arguments],
        env={**environment(), **(more or {})},
        input=text,
        capture_output=True,
        check=False,
        timeout=_TIMEOUT_SECONDS,
    )
    if done.returncode not in allowed:
        lines = done.stderr.decode(errors="replace").strip().splitlines()[-_LAST_LINES:]
        raise GitError("\n".join(lines) or f"git {arguments[0]}: exit code {done.returncode}")
    return done.stdout


def program() -> str:
    """The path of ``git``.

    Raises:
        AwsError: Git is not installed.
    """
    found = shutil.which("git")
    if found is None:
        raise _missing("git is not on the PATH")
    return found


@cache
def http_backend() -> str:
    """The path of ``git http-backend``.

    Raises:
        AwsError: it is not installed.
    """
    folder = subprocess.run(
        [program(), "--exec-path"], capture_output=True, text=True, check=True, timeout=10
    ).stdout.strip()
    path = Path(folder) / "git-http-backend"
    if not path.exists():
        raise _missing(f"{path} does not exist")
    return str(path)


def _missing(what: str) -> AwsError:
    return AwsError(
        "NotImplementedException",
        f"localaws keeps repositories with Git, but {what}. Install Git with its HTTP server, for example "
        "with apt-get install git, and start localaws again.",
    )
