"""Git repositories, connections and their events, in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from localaws.core.errors import AwsError
from localaws.services.codepipeline.artifacts import make_zip

CONNECTION = "arn:aws:codeconnections:eu-west-1:123456789012:connection/1111-2222"


@dataclass(frozen=True)
class FakePerson:
    name: str = "Ada Lovelace"
    email: str = "ada@example.com"
    date: datetime = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass(frozen=True)
class FakeCommit:
    id: str
    message: str
    authored: FakePerson = FakePerson()
    committed: FakePerson = FakePerson()


@dataclass(frozen=True)
class FakePush:
    repository: FakeRepository
    ref: str
    commit: str | None
    changed_files: tuple[str, ...] = ("README.md",)


@dataclass(frozen=True)
class FakePullRequest:
    repository: FakeRepository
    action: str
    head: str
    head_branch: str
    base_branch: str
    changed_files: tuple[str, ...] = ("README.md",)


@dataclass
class FakeRepository:
    name: str
    refs: dict[str, FakeCommit] = field(default_factory=dict)
    commits: dict[str, FakeCommit] = field(default_factory=dict)

    def commit(self, message: str, ref: str = "refs/heads/main") -> FakeCommit:
        commit = FakeCommit(hashlib.sha1(message.encode()).hexdigest(), message)
        self.commits[commit.id] = self.refs[ref] = commit
        return commit

    def resolve(self, ref: str) -> FakeCommit | None:
        return self.commits.get(ref) or self.refs.get(ref)

    def archive(self, commit_id: str) -> bytes:
        return make_zip("commit", commit_id.encode())


class FakeGit:
    """One repository in CodeCommit and one behind a connection."""

    def __init__(self) -> None:
        self.repositories = {name: FakeRepository(name) for name in ("code", "octo/demo")}
        self.pending = False
        self.listeners: list[Callable[[Any], None]] = []

    def codecommit(self, name: str) -> FakeRepository | None:
        return self.repositories.get(name)

    def connected(self, connection_arn: str, full_repository_id: str) -> FakeRepository:
        if self.pending or connection_arn != CONNECTION:
            raise AwsError(
                "ResourceUnavailableException", f"Connection {connection_arn} is not available"
            )
        return self.repositories[full_repository_id]

    def subscribe(self, listener: Callable[[Any], None]) -> None:
        self.listeners.append(listener)

    def tell(self, event: Any) -> None:
        for listener in self.listeners:
            listener(event)

    def push(
        self,
        message: str,
        ref: str = "refs/heads/main",
        files: tuple[str, ...] = ("README.md",),
        name: str = "octo/demo",
    ) -> FakeCommit:
        repository = self.repositories[name]
        commit = repository.commit(message, ref)
        self.tell(FakePush(repository, ref, commit.id, files))
        return commit
