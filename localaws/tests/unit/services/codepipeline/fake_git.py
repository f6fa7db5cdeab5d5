"""Git repositories, connections and their events, in memory."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from localaws.services.codepipeline.artifacts import make_zip
from localaws.services.git.connections import AVAILABLE, Connection, Connections
from localaws.services.git.events import Action, PullRequest, Push, RepositoryEvent
from localaws.services.git.pull_requests import PullRequestRecord
from localaws.services.git.repositories import Listener, Repositories
from localaws.services.git.repository import Commit, Person, Repository

CONNECTION = "arn:aws:codeconnections:eu-west-1:123456789012:connection/1111-2222"
CALLER = "arn:aws:iam::123456789012:root"
DATE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ADA = Person("Ada Lovelace", "ada@example.com", DATE, "1767323045 +0000")


class FakeRepository(Repository):
    """Has its commits in memory."""

    def __init__(self, name: str) -> None:
        super().__init__(name, Path("/nonexistent"), "", lambda: DATE)
        self.refs: dict[str, Commit] = {}
        self.commits: dict[str, Commit] = {}

    def add(self, message: str, ref: str = "refs/heads/main") -> Commit:
        name = hashlib.sha1(message.encode()).hexdigest()
        commit = Commit(name, message, ADA.name, DATE, ADA, ADA, "", ())
        self.commits[commit.id] = self.refs[ref] = commit
        return commit

    def resolve(self, ref: str) -> Commit | None:
        return self.commits.get(ref) or self.refs.get(ref)

    def archive(self, commit_id: str) -> bytes:
        return make_zip("commit", commit_id.encode())


class FakeRepositories(Repositories):
    """Tells its listeners on the thread of the caller."""

    def __init__(self) -> None:
        super().__init__()
        self.listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> None:
        self.listeners.append(listener)


class FakeGit:
    """One repository in CodeCommit and one behind a connection."""

    def __init__(self) -> None:
        self.repositories = {name: FakeRepository(name) for name in ("code", "octo/demo")}
        self.connection = Connection(CONNECTION, "demo", "GitHub", status=AVAILABLE)
        self.connection.repositories.update(self.repositories)
        self._repositories, connections = FakeRepositories(), Connections()
        for repository in self.repositories.values():
            self._repositories.add(repository)
        connections.add(self.connection)
        self.shared = {Repositories: self._repositories, Connections: connections}

    def tell(self, event: RepositoryEvent) -> None:
        for listener in self._repositories.listeners:
            listener(event)

    def push(
        self,
        message: str,
        ref: str = "refs/heads/main",
        files: tuple[str, ...] = ("README.md",),
        name: str = "octo/demo",
    ) -> Commit:
        repository = self.repositories[name]
        commit = repository.add(message, ref)
        self.tell(push(repository, ref, commit.id, files))
        return commit


def push(
    repository: Repository,
    ref: str,
    commit: str | None,
    files: tuple[str, ...] = ("README.md",),
) -> Push:
    """A push of one ref; without a commit, it deletes the ref."""
    return Push(repository, ref, None, commit, commit, files, CALLER)


def pull_request(
    repository: Repository,
    action: Action,
    head: str,
    head_branch: str,
    base_branch: str,
    files: tuple[str, ...] = ("README.md",),
) -> PullRequest:
    """A change of the first pull request."""
    base, title = "b" * 40, "Title"
    record = PullRequestRecord(
        1, title, "", head_branch, base_branch, head, base, base, CALLER, DATE, DATE
    )
    return PullRequest(
        repository, 1, action, title, head, base, head_branch, base_branch, files, record, CALLER
    )
