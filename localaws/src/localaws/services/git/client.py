"""A client of the server's side of ``localaws connect`` and ``localaws pr``, also for tests."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any


class GitControlError(Exception):
    """The server has refused; the text is its reason."""


def request(endpoint_url: str, action: str, **params: Any) -> dict[str, Any]:
    """Ask a server for an action.

    Args:
        endpoint_url: where the server answers.
        action: for example ``connect`` or ``pull-requests/open``.
        params: what the action needs. None counts as missing.

    Raises:
        GitControlError: the server refused.
    """
    given = {key: value for key, value in params.items() if value is not None}
    url = f"{endpoint_url}/_git/{action}"
    # The address is that of the server itself, which speaks HTTP.
    wanted = urllib.request.Request(url, json.dumps(given).encode())  # noqa: S310
    # No proxy of the environment: it would be asked for 127.0.0.1 too.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(wanted, timeout=300) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        with error:
            raise GitControlError(json.load(error)["message"]) from None


def connect(
    endpoint_url: str, connection: str, repository: str, *, region: str, source: Path | None = None
) -> dict[str, Any]:
    """Complete the handshake of a connection with a repository.

    Args:
        endpoint_url: where the server answers.
        connection: the name or ARN of the connection.
        repository: ``OWNER/REPO``. It is made if there is none.
        region: of the connection.
        source: a repository on this machine, from which a new repository is filled.

    Returns:
        ``connectionArn``, ``status``, ``repository``, ``cloneUrl`` and ``defaultBranch``.
    """
    return request(
        endpoint_url,
        "connect",
        connection=connection,
        repository=repository,
        region=region,
        source=str(source.absolute()) if source else None,
    )
