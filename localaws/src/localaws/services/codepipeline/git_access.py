"""What CodePipeline needs of the Git server and of connections."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from typing import Any, Final, Protocol

from localaws.core.context import Context

_REPOSITORIES: Final = ("localaws.services.git.repositories", "Repositories")
_CONNECTIONS: Final = ("localaws.services.git.connections", "Connections")


class Person(Protocol):
    """Who made a commit, and when."""

    @property
    def name(self) -> str:
        """The name."""
        ...

    @property
    def email(self) -> str:
        """The email address."""
        ...

    @property
    def date(self) -> datetime:
        """The time, aware."""
        ...


class Commit(Protocol):
    """A commit."""

    @property
    def id(self) -> str:
        """The 40 hexadecimal digits."""
        ...

    @property
    def message(self) -> str:
        """The whole message."""
        ...

    @property
    def authored(self) -> Person:
        """Who wrote it."""
        ...

    @property
    def committed(self) -> Person:
        """Who committed it."""
        ...


class Repository(Protocol):
    """A repository."""

    @property
    def name(self) -> str:
        """NAME in CodeCommit, OWNER/REPO behind a connection."""
        ...

    def resolve(self, ref: str) -> Commit | None:
        """The commit that a branch, a tag or a commit id names."""
        ...

    def archive(self, commit_id: str) -> bytes:
        """The files of a commit as a zip."""
        ...


class Git(Protocol):
    """The repositories of an account and region."""

    def codecommit(self, name: str) -> Repository | None:
        """A repository of CodeCommit."""
        ...

    def connected(self, connection_arn: str, full_repository_id: str) -> Repository:
        """A repository behind a connection.

        Raises:
            AwsError: the connection is pending or unknown, or has no such repository.
        """
        ...

    def subscribe(self, listener: Callable[[Any], None]) -> None:
        """Call ``listener`` with each push and each change of a pull request."""
        ...


class SharedGit:
    """The repositories that the services of this server share."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def codecommit(self, name: str) -> Repository | None:
        """See :meth:`Git.codecommit`."""
        found: Repository | None = self._shared(*_REPOSITORIES).find(name)
        return found

    def connected(self, connection_arn: str, full_repository_id: str) -> Repository:
        """See :meth:`Git.connected`."""
        found: Repository = self._shared(*_CONNECTIONS).repository(
            connection_arn, full_repository_id
        )
        return found

    def subscribe(self, listener: Callable[[Any], None]) -> None:
        """See :meth:`Git.subscribe`."""
        self._shared(*_REPOSITORIES).subscribe(listener)

    def _shared(self, module: str, name: str) -> Any:
        # Imported on first use: most pipelines have no source in Git.
        return self._context.shared(getattr(import_module(module), name))
