"""The repositories of Git sources: those of CodeCommit, and those behind a connection."""

from __future__ import annotations

from collections.abc import Callable

from localaws.core.context import Context
from localaws.services.codebuild.errors import invalid_input, not_found
from localaws.services.codebuild.models import Document
from localaws.services.codebuild.project_check import repository_name
from localaws.services.git.connections import Connections
from localaws.services.git.repositories import Repositories
from localaws.services.git.repository import Repository

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

    def __call__(self, source: Document) -> Repository:
        """The repository.

        Raises:
            AwsError: there is none, or its connection may not be used.
        """
        name = repository_name(source)
        if source["type"] == "CODECOMMIT":
            found = self._context.shared(Repositories).find(name)
            if found is None:
                raise not_found(f"repository {name} does not exist")
            return found
        auth = source.get("auth", {})
        connection = auth.get("resource") if auth.get("type") == "CODECONNECTIONS" else None
        connection = connection or self._default_connection()
        if connection is None:
            raise invalid_input(
                f"there is no connection for {name}: set source.auth to the type CODECONNECTIONS and the ARN "
                "of a connection, or import one with ImportSourceCredentials"
            )
        return self._context.shared(Connections).repository(connection, name)
