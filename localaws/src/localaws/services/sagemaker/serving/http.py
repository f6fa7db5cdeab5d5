"""HTTP to a container on the loopback device."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass

_CHUNK = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """A container's answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    container: str = "primary"
    """The name of the container in its model."""


class NoAnswerError(Exception):
    """The container did not answer. ``sent`` says whether it may have seen the request."""

    def __init__(self, message: str, *, sent: bool, timed_out: bool = False) -> None:
        super().__init__(message)
        self.container = "primary"
        self.sent = sent
        self.timed_out = timed_out


def request(
    port: int,
    method: str,
    path: str,
    *,
    seconds: float,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Answer:
    """One request on a connection of its own.

    Connections are not reused: a server that closes an idle one just then would make a good request fail, and
    on the loopback device a new one costs 0.1 ms.

    Args:
        port: on 127.0.0.1.
        method: GET or POST.
        path: e.g. /ping.
        seconds: for all of it, in real time.
        headers: to send.
        body: to send.

    Raises:
        NoAnswerError: refused, closed or timed out.
    """
    deadline = time.monotonic() + seconds
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    sent = False
    try:
        connection.connect()
        sent = True
        connection.request(method, path, body, {**(headers or {}), "Connection": "close"})
        # The socket outlives the connection object's own reference once the response has it.
        channel = connection.sock
        _limit(channel, deadline)
        response = connection.getresponse()
        parts = []
        while chunk := response.read1(_CHUNK):
            parts.append(chunk)
            _limit(channel, deadline)
        if response.length:
            raise http.client.IncompleteRead(b"", response.length)
        return Answer(
            response.status, {k.lower(): v for k, v in response.getheaders()}, b"".join(parts)
        )
    except TimeoutError as error:
        raise NoAnswerError(
            f"no answer within {seconds:g} seconds", sent=sent, timed_out=True
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswerError(f"{type(error).__name__}: {error}", sent=sent) from error
    finally:
        connection.close()


def _limit(channel: socket.socket, deadline: float) -> None:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    if channel.fileno() >= 0:
        channel.settimeout(left)


def free_port() -> int:
    """A port of the loopback device that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
