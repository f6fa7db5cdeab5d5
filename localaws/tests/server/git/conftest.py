"""A localaws with an HTTPS port, and a working tree whose commands of Git are unmodified."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from localaws.services.git.client import connect
from localaws.testing import REGION, LocalAws, running
from without_patch import running_without


@pytest.fixture(scope="session")
def localaws(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalAws]:
    """One server for all tests of this folder: they use names of their own and clean nothing up."""
    place, options = tmp_path_factory.mktemp("localaws"), ("--https-port", "0")
    target = pytestconfig.getoption("without_patch")
    started = running_without(target, place, *options) if target else running(place, *options)
    with started as server:
        yield server


@pytest.fixture(scope="session")
def aws(localaws: LocalAws) -> Callable[..., Any]:
    return cache(localaws.client)


class Tree:
    """A working tree. ``git`` finds no settings of the machine, and asks nobody."""

    def __init__(self, path: Path, localaws: LocalAws) -> None:
        self.path = path
        path.mkdir(exist_ok=True)
        self.environment = {
            **localaws.environment,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_SSL_CAINFO": str(localaws.certificate),
            "CODE_COMMIT_ENDPOINT": (localaws.https_endpoint_url or "").removeprefix("https://"),
            **{
                f"GIT_{role}_{part}": value
                for role in ("AUTHOR", "COMMITTER")
                for part, value in (("NAME", "Ada"), ("EMAIL", "ada@example.com"))
            },
        }

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["git", *arguments], cwd=self.path, env={**self.environment, **variables},
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    def git(self, *arguments: str, **variables: str) -> str:
        done = self.run(*arguments, **variables)
        assert done.returncode == 0, f"git {arguments}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def commit(self, **files: str | bytes) -> str:
        for name, content in files.items():
            path = self.path / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", "Change")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def tree(tmp_path: Path, localaws: LocalAws) -> Tree:
    found = Tree(tmp_path / "tree", localaws)
    found.git("init", "--quiet", "--initial-branch=main")
    return found


@pytest.fixture
def repository(aws: Callable[..., Any]) -> str:
    """The name of an empty repository of CodeCommit."""
    name = f"repository-{uuid.uuid4().hex[:8]}"
    aws("codecommit").create_repository(repositoryName=name)
    return name


@pytest.fixture
def hosted(localaws: LocalAws, aws: Callable[..., Any]) -> str:
    """The URL of an empty repository behind a connection."""
    name = f"gh-{uuid.uuid4().hex[:8]}"
    aws("codeconnections").create_connection(ConnectionName=name, ProviderType="GitHub")
    answer = connect(localaws.endpoint_url, name, f"me/{name}", region=REGION)
    return str(answer["cloneUrl"])
