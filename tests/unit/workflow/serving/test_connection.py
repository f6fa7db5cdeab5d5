"""Requests that a client sends before it has read the answers to earlier ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from serving.application import Request
from serving.connection import Connection
from serving.settings import Settings

POST = b"POST /invocations HTTP/1.1\r\ncontent-length: 5\r\n\r\n1,2,3"


class FakeApplication:
    draining = False

    def respond(self, request: Request) -> bytes:
        return b"answer to %b;" % request.body


class FakeLoop:
    def time(self) -> float:
        return 0.0


class FakeWorker:
    """What a connection asks of its worker."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.application = FakeApplication()
        self.loop = FakeLoop()
        self.connections: set[Connection] = set()
        self.held = 0
        self.work: list[tuple[Callable[[], bool], Callable[[], None]]] = []

    def hold(self, size: int) -> bool:
        self.held += size
        return True

    def release(self, size: int) -> None:
        self.held -= size

    def in_thread(
        self,
        request: Request,
        wanted: Callable[[], bool],
        done: Callable[[Request, bytes], None],
    ) -> None:
        self.work.append((wanted, lambda: done(request, b"large answer;")))

    def forget(self, connection: Connection) -> None:
        self.connections.discard(connection)


class FakeTransport:
    def __init__(self) -> None:
        self.written = b""
        self.aborted = self.closing = False

    def write(self, data: bytes) -> None:
        self.written += data

    def abort(self) -> None:
        self.aborted = self.closing = True

    def is_closing(self) -> bool:
        return self.closing

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


def connected() -> tuple[Connection, FakeTransport, FakeWorker]:
    worker, transport = FakeWorker(), FakeTransport()
    connection = Connection(worker)
    connection.connection_made(cast(Any, transport))
    return connection, transport, worker


def test_bodies_are_counted_until_they_are_answered() -> None:
    connection, transport, worker = connected()
    connection.pause_writing()
    connection.data_received(POST * 3)
    assert (transport.written, worker.held) == (b"", 15)
    connection.resume_writing()
    assert (transport.written, worker.held) == (b"answer to 1,2,3;" * 3, 0)


def test_a_lost_connection_holds_nothing() -> None:
    connection, _, worker = connected()
    connection.pause_writing()
    connection.data_received(POST * 2 + POST[:-1])
    connection.connection_lost(None)
    assert worker.held == 0
    assert not worker.connections


def test_a_refusal_does_not_overtake_the_answers_that_are_due() -> None:
    """The client would take it for the answer to its first request."""
    connection, transport, worker = connected()
    connection.pause_writing()
    connection.data_received(POST + b"nonsense\r\n\r\n")
    assert (transport.written, transport.aborted, worker.held) == (b"", True, 0)


LARGE = b"POST /invocations HTTP/1.1\r\ncontent-length: 40000\r\n\r\n" + b"1" * 40_000


def test_work_for_a_client_that_is_gone_is_not_done_and_counts_until_then() -> None:
    """Or many that send and leave would fill the memory, and hold up everybody else for minutes."""
    connection, transport, worker = connected()
    connection.data_received(LARGE + POST)
    [(wanted, finish)] = worker.work
    assert wanted()
    assert worker.held == 40_005
    transport.closing = True
    connection.connection_lost(None)
    assert not wanted()
    assert worker.held == 40_000  # the queue of the thread has it
    finish()
    assert (worker.held, transport.written) == (0, b"")


def test_large_requests_are_answered_in_order() -> None:
    connection, transport, worker = connected()
    connection.data_received(POST + LARGE + POST)
    assert transport.written == b"answer to 1,2,3;"
    worker.work[0][1]()
    assert transport.written == b"answer to 1,2,3;large answer;answer to 1,2,3;"
    assert worker.held == 0


def test_nonsense_behind_a_large_request_ends_the_connection() -> None:
    connection, transport, worker = connected()
    connection.data_received(LARGE + b"nonsense\r\n\r\n")
    assert transport.aborted
    connection.connection_lost(None)
    worker.work[0][1]()
    assert (worker.held, transport.written) == (0, b"")
