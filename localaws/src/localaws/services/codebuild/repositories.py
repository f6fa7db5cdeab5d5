"""The repositories of Git sources: those of CodeCommit, and those behind a connection."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol

from localaws.core.context import Context
from localaws.services.codebuild.errors import invalid_input, not_found, refused
from localaws.services.codebuild.models import Document
from localaws.services.codebuild.project_check import repository_name
from localaws.services.codebuild.sources import GitRepository

_GIT = "localaws.services.git"


class RepositoryEvent(Protocol):
    """A push (with ``ref``, ``before``, ``commit``), or a pull request (with ``number``, ``action``)."""

    @property
    def repository(self) -> Any:
        """The repository, with its ``name``."""

    @property
    def changed_files(self) -> tuple[str, ...]:
        """What has changed."""

    @property
    def caller(self) -> str:
        """The ARN of who did it."""


DefaultConnection = Callable[[], str | None]
"""The connection of the account's source credentials for GitHub."""


class SourceRepositories:
    """Finds the repository of a source.

    Args:
        context: has the repositories and the connections.
        default_connection: for a source that names no connection.
    """

    def __init__(self, context: Context, default_connection: DefaultConnection) -> None:
        self._context = context
        self._default_connection = default_connection

    def __call__(self, source: Document) -> GitRepository:
        """The repository.

        Raises:
            AwsError: there is none, or its connection may not be used.
        """
        name = repository_name(source)
        if source["type"] == "CODECOMMIT":
            found = self._shared("repositories", "Repositories").find(name)
            if found is None:
                raise not_found(f"repository {name} does not exist")
            return _repository(found)
        auth = source.get("auth", {})
        connection = auth.get("resource") if auth.get("type") == "CODECONNECTIONS" else None
        connection = connection or self._default_connection()
        if connection is None:
            raise invalid_input(
                f"there is no connection for {name}: set source.auth to the type CODECONNECTIONS and the ARN "
                "of a connection, or import one with ImportSourceCredentials"
            )
        return _repository(self._shared("connections", "Connections").repository(connection, name))

    def subscribe(self, listener: Callable[[RepositoryEvent], None]) -> None:
        """Call ``listener`` with every event of the repositories."""
        self._shared("repositories", "Repositories").subscribe(listener)

    def _shared(self, module: str, name: str) -> Any:
        try:
            return self._context.shared(getattr(import_module(f"{_GIT}.{module}"), name))
        except ModuleNotFoundError as error:
            raise refused("Git sources", "Use the source type S3 or NO_SOURCE.") from error


def _repository(found: GitRepository) -> GitRepository:
    return found
