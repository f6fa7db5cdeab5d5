"""Which connection gives access to which repository."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Final

from localaws.core.context import Context
from localaws.core.errors import AwsError
from localaws.services.git.repositories import Repositories, open_hosted
from localaws.services.git.repository import Repository

PENDING: Final = "PENDING"
AVAILABLE: Final = "AVAILABLE"


@dataclass
class Connection:
    """A connection of CodeConnections, and the repositories to which its handshake gave access."""

    arn: str
    name: str
    provider_type: str
    tags: dict[str, str] = field(default_factory=dict)
    status: str = PENDING
    repositories: dict[str, Repository] = field(default_factory=dict)


class Connections:
    """The connections of one account and region. Get it from ``context.shared(Connections)``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connections: dict[str, Connection] = {}

    def add(self, connection: Connection) -> None:
        """Keep a new connection."""
        with self._lock:
            self._connections[_id(connection.arn)] = connection

    def find(self, name_or_arn: str) -> Connection | None:
        """A connection by its ARN, with either name of the service in it, or by its name."""
        with self._lock:
            found = self._connections.get(_id(name_or_arn))
            if found:
                return found
            by_name = (known for known in self._connections.values() if known.name == name_or_arn)
            return next(by_name, None)

    def all(self) -> list[Connection]:
        """Every connection."""
        with self._lock:
            return list(self._connections.values())

    def remove(self, arn: str) -> Connection | None:
        """Forget a connection."""
        with self._lock:
            return self._connections.pop(_id(arn), None)

    def repository(self, connection_arn: str, full_repository_id: str) -> Repository:
        """The repository OWNER/REPO behind a connection.

        Raises:
            AwsError: ResourceNotFoundException for an unknown connection or repository,
                ResourceUnavailableException for a connection that is not available.
        """
        with self._lock:
            connection = self._connections.get(_id(connection_arn))
        if connection is None or not connection_arn.startswith("arn:"):
            raise unknown_connection(connection_arn)
        if connection.status != AVAILABLE:
            raise AwsError(
                "ResourceUnavailableException",
                f"Connection {connection_arn} is not available: its status is {connection.status}. "
                f"Complete the handshake: localaws connect {connection.name} {full_repository_id}",
            )
        repository = connection.repositories.get(full_repository_id)
        if repository is None:
            known = ", ".join(sorted(connection.repositories)) or "none"
            raise AwsError(
                "ResourceNotFoundException",
                f"Connection {connection_arn} has no access to the repository {full_repository_id}. "
                f"It has access to: {known}.",
            )
        return repository


def unknown_connection(arn: str) -> AwsError:
    """The error for a connection that does not exist."""
    return AwsError("ResourceNotFoundException", f"Connection {arn} not found")


def complete_handshake(context: Context, connection: Connection, name: str) -> Repository:
    """Give a connection access to the repository OWNER/REPO, which is made if there is none.

    Raises:
        AwsError: Git is not installed.
    """
    repository = open_hosted(context, name)
    context.shared(Repositories).add(repository)
    connection.repositories[name] = repository
    connection.status = AVAILABLE
    return repository


def _id(arn: str) -> str:
    # One connection has two ARNs: the service was called codestar-connections before 2024.
    return arn.rpartition("/")[2]
