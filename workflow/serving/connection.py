"""HTTP/1.1 on one connection, parsed by httptools: nothing is kept without a limit and a deadline.

connection_states has the states and their transitions.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol, cast

import httptools

from serving.application import CUSTOM_ATTRIBUTES, Request, response
from serving.connection_states import Answering, ConnectionState, Input, Output, Reading
from serving.settings import Settings

HEADER_BYTES = 64 * 1024
INLINE_BYTES = 32 * 1024  # larger bodies are answered in a thread
# Of a refused body: read and dropped, so that the client sees the answer.
DISCARDED_BYTES = 64 * 1024 * 1024
LINGER_SECONDS = 5.0

# Module constants, because looking up a member in its class takes longer than a transition.
IDLE, HEADERS, BODY, READY = Reading.IDLE, Reading.HEADERS, Reading.BODY, Answering.READY
REQUEST_BEGINS, HEADERS_END = Input.REQUEST_BEGINS, Input.HEADERS_END
REQUEST_ENDS = Input.REQUEST_ENDS

_KEPT = frozenset(
    (
        b"content-type",
        b"accept",
        b"content-length",
        b"content-encoding",
        b"transfer-encoding",
        b"expect",
        CUSTOM_ATTRIBUTES,
    )
)


class Answerer(Protocol):
    """Answers a complete request."""

    draining: bool

    def respond(self, request: Request) -> bytes: ...


class Clock(Protocol):
    def time(self) -> float: ...


class Owner(Protocol):
    """What a connection needs of the worker that accepted it."""

    @property
    def settings(self) -> Settings: ...
    @property
    def application(self) -> Answerer: ...
    @property
    def loop(self) -> Clock: ...
    @property
    def connections(self) -> set[Connection]: ...

    def hold(self, size: int) -> bool: ...
    def release(self, size: int) -> None: ...
    def forget(self, connection: Connection) -> None: ...
    def in_thread(
        self,
        request: Request,
        wanted: Callable[[], bool],
        done: Callable[[Request, bytes], None],
    ) -> None: ...


class Connection(asyncio.Protocol):
    """Reads requests one after another and answers in their order.

    `deadline` is a time of the event loop; the worker calls `expire` when it has passed. Which one it is
    follows from what the connection waits for: a request, its headers, its body, or the client to read.
    """

    def __init__(self, worker: Owner) -> None:
        self.deadline: float | None = None
        self._worker = worker
        self._settings = worker.settings
        self._time = worker.loop.time
        self._transport: asyncio.Transport
        self._parser = httptools.HttpRequestParser(self)
        self._state = ConnectionState()
        # The request that is being read
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._header_size = 0  # of the URL and headers as the parser gave them
        self._header_bytes = 0  # received since the headers began, or since the last byte of a body
        self._chunks: list[bytes] = []
        self._body_bytes = 0
        self._waiting: deque[Request] = deque()  # requests whose turn to be answered has not come
        self._held = 0  # bytes of bodies this connection holds, counted by the worker too
        self._in_work = 0  # of these, bytes that the thread has
        self._discarded = 0

    @property
    def idle(self) -> bool:
        """Whether no part of a request has arrived and no answer is due."""
        between = self._state.reading in (IDLE, Reading.CLOSING)
        return between and not self._state.working and not self._waiting

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but its class
        self._worker.connections.add(self)
        self._wait(self._settings.header_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._state.read(Input.LOSE)
        self._worker.forget(self)
        self._release_waiting()
        self.deadline = None

    def eof_received(self) -> bool:
        # A client may half-close after its request and still wait for the answer.
        return self._state.working

    def data_received(self, data: bytes) -> None:
        state = self._state
        if state.ended:
            self._discarded += len(data)
            if self._discarded > DISCARDED_BYTES:
                self._transport.abort()
            return
        self._header_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(
                400, "Another protocol was asked for (Upgrade or CONNECT); expected HTTP/1.1."
            )
        except httptools.HttpParserError as error:
            self._refuse(400, f"The request is not HTTP/1.1: {error}.")
        if self._header_bytes > HEADER_BYTES:
            if state.reading is HEADERS:
                self._refuse_headers("headers")
            elif state.reading is BODY:
                self._refuse_headers("trailers or chunk extensions")

    def pause_writing(self) -> None:
        self._state.answer(Output.PAUSE)
        self._transport.pause_reading()
        self._wait(self._settings.body_seconds)

    def resume_writing(self) -> None:
        self._state.answer(Output.RESUME)
        self._continue()

    # What the parser calls

    def on_message_begin(self) -> None:
        self._state.read(REQUEST_BEGINS)
        self._url, self._headers, self._header_size = b"", {}, 0
        self._chunks, self._body_bytes = [], 0
        if not self._state.working:
            self._wait(self._settings.header_seconds)

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._header_size += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_size += len(name) + len(value) + 4  # a colon, a space, an end of line
        name = name.lower()
        if name in _KEPT and self._state.reading is HEADERS:  # not in the trailers
            before = self._headers.get(name)
            self._headers[name] = value if before is None else before + b", " + value

    def on_headers_complete(self) -> None:
        state = self._state
        state.read(HEADERS_END)
        self._header_bytes = 0
        if state.ended:
            return
        if self._header_size > HEADER_BYTES:
            self._refuse_headers("headers")
            return
        length = self._headers.get(b"content-length", b"0")
        if len(length) > 18 or int(length) > self._settings.maximum_body:
            self._refuse_size(f"{length.decode()[:30]} bytes")
        elif self._parser.should_upgrade() and (
            length != b"0" or b"transfer-encoding" in self._headers
        ):
            # The parser takes what follows for the other protocol, and gives no body.
            self._refuse(400, "Found a body and Upgrade; send a body without the header Upgrade.")
        elif self._headers.get(b"expect", b"").lower() == b"100-continue" and not state.working:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if not state.working and not state.ended:
            self._wait(self._settings.body_seconds)

    def on_body(self, body: bytes) -> None:
        if self._state.ended:
            return
        self._chunks.append(body)
        self._header_bytes = 0
        self._body_bytes += len(body)
        self._held += len(body)
        if self._body_bytes > self._settings.maximum_body:
            self._refuse_size(f"more than {self._settings.maximum_body} bytes")
        elif not self._worker.hold(len(body)):
            self._refuse(503, "Too many large requests at once; try again.")

    def on_message_complete(self) -> None:
        state = self._state
        state.read(REQUEST_ENDS)
        self._header_bytes = 0
        if state.ended:
            return
        method, keep_alive = self._parser.get_method(), self._parser.should_keep_alive()
        if self._parser.should_upgrade():
            if method == b"CONNECT":
                self._refuse(400, "Found CONNECT; this is not a proxy.")
                return
            keep_alive = False  # an upgrade may be ignored, but what follows is not HTTP/1.1
        url = self._url.partition(b"?")[0]
        if not url.startswith(b"/"):
            url = httptools.parse_url(self._url).path or b"/"
        chunks = self._chunks
        request = Request(
            method,
            url,
            self._headers,
            chunks[0] if len(chunks) == 1 else b"".join(chunks),
            keep_alive,
        )
        self._chunks = []
        if state.answering is READY:
            self._answer(request)
        else:
            self._waiting.append(request)

    # Answers

    def _answer(self, request: Request) -> None:
        if len(request.body) > INLINE_BYTES:
            self._state.answer(Output.WORK_BEGINS)
            self.deadline = None
            self._in_work = len(request.body)
            self._transport.pause_reading()
            self._worker.in_thread(request, self._is_wanted, self._finish)
        else:
            self._write(self._worker.application.respond(request), request)

    def _is_wanted(self) -> bool:
        """Whether the client is still there; called in the thread."""
        return self._state.reading is not Reading.LOST

    def _finish(self, request: Request, answer: bytes) -> None:
        """Send the answer that the thread made; called by the event loop."""
        self._state.answer(Output.WORK_ENDS)
        self._in_work = 0
        if self._transport.is_closing():
            self._release(len(request.body))
            return
        self._write(answer, request)
        self._continue()

    def _continue(self) -> None:
        """Take up the requests that had to wait, then read on."""
        state = self._state
        while self._waiting and state.may_answer:
            self._answer(self._waiting.popleft())
        if not state.may_answer:
            return
        self._transport.resume_reading()
        settings = self._settings
        if state.reading is BODY:
            self._wait(settings.body_seconds)
        elif state.reading is HEADERS:
            self._wait(settings.header_seconds)
        else:
            self._wait(settings.idle_seconds)

    def _write(self, answer: bytes, request: Request) -> None:
        if request.body:
            self._release(len(request.body))
        # Before the write, which may call pause_writing: that sets another deadline.
        self._wait(self._settings.idle_seconds)
        self._transport.write(answer)
        if not request.keep_alive or self._worker.application.draining:
            self.close()

    def _refuse_headers(self, what: str) -> None:
        self._refuse(431, f"The {what} have more than {HEADER_BYTES} bytes.")

    def _refuse_size(self, found: str) -> None:
        limit = self._settings.maximum_body
        self._refuse(413, f"The body has {found}, expected at most {limit} ({limit >> 20} MiB).")

    def _refuse(self, status: int, message: str) -> None:
        """Answer and close, without waiting for the rest of the request."""
        if self._state.ended:
            return
        self._state.read(Input.REFUSE)
        self._release_waiting()
        # An answer is due first, and this one would overtake it.
        if self._state.working or self._waiting:
            self._transport.abort()
            return
        self._transport.write(response(status, message, close=True, echoed=None))
        # Closing now, with bytes unread, would send a reset that can overtake the answer.
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._wait(LINGER_SECONDS)

    def close(self) -> None:
        """Send what is written, then close; `expire` ends it when the client does not read."""
        self._state.read(Input.CLOSE)
        self._transport.close()
        self._wait(self._settings.body_seconds)

    def expire(self) -> None:
        """The deadline has passed."""
        reading = self._state.reading
        if self._state.ended or self._transport.get_write_buffer_size():
            self._transport.abort()
        elif reading is not IDLE:
            what = "headers" if reading is HEADERS else "body"
            self._refuse(408, f"The {what} of the request did not arrive in time.")
        else:
            self.close()

    def _wait(self, seconds: float) -> None:
        self.deadline = self._time() + seconds

    def _release_waiting(self) -> None:
        """Release all bodies but the one that the thread is working on."""
        self._release(self._held - self._in_work)

    def _release(self, size: int) -> None:
        self._worker.release(size)
        self._held -= size
