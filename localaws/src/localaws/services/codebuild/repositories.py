"""The repositories of Git sources: those of CodeCommit, and those behind a connection."""

from __future__ import annotations

from collections.abc import Callable

from localaws.core.context import Context
from localaws.services.codebuild.errors import invalid_input
from localaws.services.codebuild.models import Document
from localaws.services.codebuild.sources import GitRepository

DefaultConnection = Callable[[], str | None]
"""The connection of the account's source credentials for GitHub."""


class SourceRepositories:
    """Finds the repository of a source."""

    def __init__(self, context: Context, default_connection: DefaultConnection) -> None:
        self._context = context
        self._default_connection = default_connection

    def __call__(self, source: Document) -> GitRepository:
        """The repository.

        Raises:
            AwsError: there is none, or its connection may not be used.
        """
        raise invalid_input(f"localaws has no Git repositories for {source['type']}")
