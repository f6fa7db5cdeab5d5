"""HTTP/1.1 on one connection, parsed by httptools: nothing is kept without a limit and a deadline."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, cast

import httptools

from serving.application import CUSTOM_ATTRIBUTES, Request, response

if TYPE_CHECKING:
    from serving.worker import Worker

HEADER_BYTES = 64 * 1024
INLINE_BYTES = 32 * 1024  # larger bodies are answered in a thread, beside the loop
DISCARDED_BYTES = (
    64 * 1024 * 1024
)  # of a refused body: read and dropped, so that the client sees the answer
LINGER_SECONDS = 5.0

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


class Connection(asyncio.Protocol):
    """Reads requests one after another and answers in their order.

    `deadline` is a time of the event loop; the worker calls `expire` when it has passed. Which one it is
    follows from what the connection waits for: a request, its headers, its body, or the client to read.
    """

    def __init__(self, worker: Worker) -> None:
        self.deadline: float | None = None
        self._worker = worker
        self._settings = worker.settings
        self._transport: asyncio.Transport
        self._parser = httptools.HttpRequestParser(self)
        self._in_headers = self._in_body = False
        self._header_bytes = 0  # received since the headers began, or since the last byte of a body
        self._header_size = 0  # of what the parser made of them
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._chunks: list[bytes] = []
        self._body_bytes = 0
        self._in_work = 0  # bytes of the body that the thread has
        self._held = 0  # bytes of bodies this connection holds, counted by the worker too
        self._waiting: deque[Request] = deque()  # requests sent before the one in work was answered
        self._busy = self._lost = False
        self._write_paused = False  # the client does not read its answers: no more are made
        self._discarded: int | None = None  # a number once the connection only waits to be closed

    @property
    def idle(self) -> bool:
        return not (self._busy or self._in_headers or self._in_body or self._waiting)

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but its class
        self._worker.connections.add(self)
        self._wait(self._settings.header_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self._worker.forget(self)
        self._release_waiting()
        self.deadline = None

    def eof_received(self) -> bool:
        return self._busy  # a client may half-close after its request and still wait for the answer

    def data_received(self, data: bytes) -> None:
        if self._discarded is not None:
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
            if self._in_headers:
                self._refuse_headers("headers")
            elif self._in_body:
                self._refuse_headers("trailers or chunk extensions")

    def pause_writing(self) -> None:
        self._write_paused = True
        self._transport.pause_reading()
        self._wait(self._settings.body_seconds)

    def resume_writing(self) -> None:
        self._write_paused = False
        self._continue()

    # What the parser calls

    def on_message_begin(self) -> None:
        self._in_headers = True
        self._url, self._headers, self._header_size = b"", {}, 0
        self._chunks, self._body_bytes = [], 0
        if not self._busy:
            self._wait(self._settings.header_seconds)

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._header_size += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_size += len(name) + len(value) + 4  # a colon, a space, an end of line
        name = name.lower()
        if name in _KEPT and self._in_headers:  # in the trailers nothing is taken
            before = self._headers.get(name)
            self._headers[name] = value if before is None else before + b", " + value

    def on_headers_complete(self) -> None:
        self._in_headers, self._in_body, self._header_bytes = False, True, 0
        if self._discarded is not None:
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
        elif self._headers.get(b"expect", b"").lower() == b"100-continue" and not self._busy:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if not self._busy and self._discarded is None:
            self._wait(self._settings.body_seconds)

    def on_body(self, body: bytes) -> None:
        if self._discarded is not None:
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
        self._in_body, self._header_bytes = False, 0
        if self._discarded is not None:
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
        if self._busy or self._write_paused:
            self._waiting.append(request)
        else:
            self._answer(request)

    # Answers

    def _answer(self, request: Request) -> None:
        if len(request.body) > INLINE_BYTES:
            self._busy = True
            self.deadline = None
            self._in_work = len(request.body)
            self._transport.pause_reading()
            self._worker.in_thread(request, lambda: not self._lost, self._finish)
        else:
            self._write(self._worker.application.respond(request), request)

    def _finish(self, request: Request, answer: bytes) -> None:
        """The thread is done with a request, and the loop goes on here."""
        self._busy, self._in_work = False, 0
        if self._transport.is_closing():
            self._release(len(request.body))
            return
        self._write(answer, request)
        self._continue()

    def _continue(self) -> None:
        """Take up the requests that had to wait, then read on."""
        while self._waiting and not self._stuck:
            self._answer(self._waiting.popleft())
        if self._stuck:
            return
        self._transport.resume_reading()
        settings = self._settings
        if self._in_body:
            self._wait(settings.body_seconds)
        else:
            self._wait(settings.header_seconds if self._in_headers else settings.idle_seconds)

    @property
    def _stuck(self) -> bool:
        return self._busy or self._write_paused or self._discarded is not None

    def _write(self, answer: bytes, request: Request) -> None:
        if request.body:
            self._release(len(request.body))
        # First, so that pause_writing has the last word.
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
        if self._discarded is not None:
            return
        self._discarded = 0
        self._release_waiting()
        if self._busy or self._waiting:  # an answer is due first, and this one would overtake it
            self._transport.abort()
            return
        self._transport.write(response(status, message, close=True, echoed=None))
        # Closing now, with bytes unread, would send a reset that can overtake the answer.
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._wait(LINGER_SECONDS)

    def close(self) -> None:
        """Send what is written, then close; `expire` ends it when the client does not read."""
        self._discarded = self._discarded or 0
        self._transport.close()
        self._wait(self._settings.body_seconds)

    def expire(self) -> None:
        """The deadline has passed."""
        if self._discarded is not None or self._transport.get_write_buffer_size():
            self._transport.abort()
        elif self._in_headers or self._in_body:
            what = "headers" if self._in_headers else "body"
            self._refuse(408, f"The {what} of the request did not arrive in time.")
        else:
            self.close()

    def _wait(self, seconds: float) -> None:
        self.deadline = self._worker.loop.time() + seconds

    def _release_waiting(self) -> None:
        """All but the body in work, which the thread holds until it is done."""
        self._release(self._held - self._in_work)

    def _release(self, size: int) -> None:
        self._worker.release(size)
        self._held -= size
