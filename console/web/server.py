"""The sockets: an HTTP server on 127.0.0.1 with a thread for each connection.

boto3 blocks, and one person at a time uses a console, so threads fit better than an event loop; and the
standard library needs a quarter of the memory that a framework would add.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from console.web.messages import Request, RequestError, Response, error_response

HOST = "127.0.0.1"
Respond = Callable[[Request], Response]
# Of an upload; a CSV file of this size has tens of millions of rows.
MOST_BYTES = 2 << 30


class Server(ThreadingHTTPServer):
    """Listens on 127.0.0.1 only; port 0 is any free one."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__((HOST, port), _Handler)
        self.respond: Respond = lambda _: error_response("the console is starting", 503)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that closes a connection is no error."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Body(io.RawIOBase):
    """The body of a request, which ends after its length."""

    def __init__(self, source: Any, length: int) -> None:
        self._source = source
        self.left = length

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        wanted = self.left if size < 0 else min(size, self.left)
        found: bytes = self._source.read(wanted) if wanted else b""
        self.left -= len(found)
        return found


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "console"
    sys_version = ""
    # A connection without a request is closed after this time.
    timeout = 30
    # Otherwise the end of an answer can wait 40 ms for the acknowledgement of its beginning.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, *_: object) -> None:
        """Nothing: the terminal is for the URL and for errors."""

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        is_right = length.isascii() and length.isdigit() and int(length) <= MOST_BYTES
        body = _Body(self.rfile, int(length) if is_right else 0)
        if not is_right or "Transfer-Encoding" in self.headers:
            self._send(
                error_response(f"Content-Length is {length}; allowed: 0 to {MOST_BYTES}", 411)
            )
            self.close_connection = True
            return
        parts = urlsplit(self.path)
        request = Request(
            self.command,
            parts.path,
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            {name.lower(): value for name, value in self.headers.items()},
            body,  # type: ignore[arg-type]
            body.left,
        )
        self._send(self.server.respond(request))
        if body.left:
            # What was not read would be taken for the next request.
            self.close_connection = True

    def _send(self, response: Response) -> None:
        head = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}"]
        head += [f"{name}: {value}" for name, value in response.headers.items()]
        if isinstance(response.body, bytes):
            head.append(f"Content-Length: {len(response.body)}")
            self.wfile.write(_encoded(head) + response.body)
            return
        head.append("Connection: close")
        self.close_connection = True
        self.wfile.write(_encoded(head))
        try:
            for part in response.body:
                self.wfile.write(part)
        except (OSError, RequestError):
            # The browser has left, or what it followed can no longer be read.
            return


def _encoded(head: list[str]) -> bytes:
    if any("\r" in line or "\n" in line for line in head):
        raise ValueError("a header has a line break")
    return ("\r\n".join(head) + "\r\n\r\n").encode("latin-1")
