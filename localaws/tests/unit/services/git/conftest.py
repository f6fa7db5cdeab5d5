"""A repository on disk with a checkout, and the events that its listeners get."""

from __future__ import annotations

import os
import queue
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from localaws.services.git.events import PullRequest, Push, RepositoryEvent
from localaws.services.git.repositories import Repositories
from localaws.services.git.repository import Repository

CALLER = "arn:aws:iam::123456789012:root"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Checkout:
    """A working tree whose remote is a repository, without a server between them."""

    def __init__(self, path: Path, repository: Repository) -> None:
        self.path = path
        self.repository = repository
        path.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        identity = {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (("NAME", "Ada"), ("EMAIL", "ada@example.com"))
        }
        done = subprocess.run(
            ["git", *arguments], cwd=self.path, check=True, capture_output=True, text=True,
            env={**os.environ, **identity, "GIT_CONFIG_GLOBAL": os.devnull},
        )  # fmt: skip
        return done.stdout.strip()

    def commit(self, message: str = "Change", **files: str | None) -> str:
        """Write or delete files, commit them, and return the id. ``__`` in a name is a slash."""
        for name, text in files.items():
            path = self.path / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                path.unlink()
            else:
                path.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def push(self, *refs: str) -> None:
        with self.repository.changing(CALLER):
            self.git("push", "--quiet", str(self.repository.path), *refs)


class Listener:
    """Keeps events until a test asks for them."""

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[RepositoryEvent] = queue.SimpleQueue()

    def __call__(self, event: RepositoryEvent) -> None:
        self._events.put(event)

    def next(self) -> RepositoryEvent:
        return self._events.get(timeout=10)

    def push(self) -> Push:
        event = self.next()
        assert isinstance(event, Push), event
        return event

    def pull_request(self) -> PullRequest:
        event = self.next()
        assert isinstance(event, PullRequest), event
        return event

    @contextmanager
    def nothing(self, repositories: Repositories, repository: Repository) -> Iterator[None]:
        """Nothing is announced in the block: a marker that follows it is the next event."""
        yield
        marker = Push(repository, "refs/heads/marker", None, None, None, (), CALLER)
        repository.announce(marker)
        assert self.next() is marker


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.create(
        "me/app", tmp_path / "app.git", "http://127.0.0.1/me/app.git", lambda: NOW
    )


@pytest.fixture
def repositories(repository: Repository) -> Repositories:
    found = Repositories()
    found.add(repository)
    return found


@pytest.fixture
def events(repositories: Repositories) -> Listener:
    listener = Listener()
    repositories.subscribe(listener)
    return listener


@pytest.fixture
def checkout(tmp_path: Path, repository: Repository) -> Checkout:
    return Checkout(tmp_path / "checkout", repository)
