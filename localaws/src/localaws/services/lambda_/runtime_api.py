"""The Runtime API of one execution environment, which AWS's runtime client polls for events.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. The client is given only a host and a
port (AWS_LAMBDA_RUNTIME_API), so every environment has a server of its own on a free port of 127.0.0.1.
"""

from __future__ import annotations

import json
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from localaws.core.access import AccessPolicy
from localaws.core.errors import AwsError
from localaws.core.peer import uid_of_peer
from localaws.services.lambda_.invocation import Invocation

_PREFIX = "/2018-06-01/runtime"
# Nothing but the runtime client of the same user calls this API, so the settings of access do not apply.
_ACCESS = AccessPolicy()


class RuntimeObserver(Protocol):
    """Is told what the runtime client reports."""

    def on_ready(self) -> None:
        """The runtime polls: its initialisation, or its last invocation, is complete."""

    def on_delivery(self, invocation: Invocation) -> Invocation:
        """The runtime takes an event. Returns the event with its deadline."""

    def on_response(self, request_id: str, payload: bytes) -> None:
        """The handler returned."""

    def on_error(self, request_id: str, error: bytes) -> None:
        """The handler raised."""

    def on_init_error(self, error: bytes) -> None:
        """The handler's module could not be loaded."""


class RuntimeApi:
    """The server of one execution environment."""

    def __init__(self, observer: RuntimeObserver) -> None:
        self._observer = observer
        self._next: queue.SimpleQueue[Invocation | None] = queue.SimpleQueue()
        self._closed = threading.Event()
        api = self

        class Handler(_Handler):
            runtime_api = api

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 1.0},
            name=f"lambda-runtime-api-{self._server.server_port}",
            daemon=True,
        )
        self._thread.start()

    def submit(self, invocation: Invocation) -> None:
        """Answer the next poll of the runtime client with an event."""
        self._next.put(invocation)

    def close(self) -> None:
        """Stop serving, without waiting for the server's loop, which notices within a second."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._next.put(None)
        threading.Thread(target=self._shut_down, name="lambda-runtime-api-end", daemon=True).start()

    def _shut_down(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait_next(self) -> Invocation | None:
        """Wait for the next event; None when the environment is being closed."""
        self._observer.on_ready()
        invocation = self._next.get()
        return self._observer.on_delivery(invocation) if invocation else None

    def answer(self, path: str, body: bytes) -> bool:
        """Process a report of the runtime client; False when the API does not have the path."""
        if path == f"{_PREFIX}/init/error":
            self._observer.on_init_error(body)
            return True
        parts = path.removeprefix(f"{_PREFIX}/invocation/").split("/")
        if not path.startswith(f"{_PREFIX}/invocation/") or len(parts) != 2:
            return False
        request_id, kind = parts
        if kind == "response":
            self._observer.on_response(request_id, body)
        elif kind == "error":
            self._observer.on_error(request_id, body)
        else:
            return False
        return True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer leaves as a whole. In two parts, the second would wait for the acknowledgement of the first,
    # which Linux delays by 40 ms.
    wbufsize = -1
    disable_nagle_algorithm = True
    runtime_api: RuntimeApi

    def parse_request(self) -> bool:
        """Refuse web pages and other users of the machine, who could take or answer a function's event."""
        if not super().parse_request():
            return False
        try:
            _ACCESS.check_peer(uid_of_peer(self.connection))
            _ACCESS.check_headers({name.lower(): value for name, value in self.headers.items()})
        except AwsError as error:
            self._send(403, {}, _error(error.code, error.message))
            self.close_connection = True
            return False
        return True

    def do_GET(self) -> None:
        if self.path != f"{_PREFIX}/invocation/next":
            self._send(404, {}, _unknown(self.path))
            return
        invocation = self.runtime_api.wait_next()
        if invocation is None:
            self.close_connection = True
            return
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
            "Lambda-Runtime-Trace-Id": invocation.trace_id,
        }
        if invocation.client_context:
            headers["Lambda-Runtime-Client-Context"] = invocation.client_context
        self._send(200, headers, invocation.payload)

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = self._read_chunks()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.runtime_api.answer(self.path, body):
            self._send(202, {}, b'{"status":"OK"}')
        else:
            self._send(404, {}, _unknown(self.path))

    def _read_chunks(self) -> bytes:
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: every poll would be a line."""

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:
            # The runtime was killed during the answer.
            self.close_connection = True


def _unknown(path: str) -> bytes:
    return _error("NotFound", f"no such path: {path}")


def _error(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()
