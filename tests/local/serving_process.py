"""A running server for the tests: the program `serve` as SageMaker starts it, on a free port."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
SERVE = ROOT / "workflow" / "container" / "serve"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Server:
    def __init__(self, model: Path, log: Path, **variables: str) -> None:
        self.log = log
        self.started = time.monotonic()
        environment = {
            "PATH": os.environ["PATH"],
            "SM_MODEL_DIR": str(model),
            "SAGEMAKER_BIND_TO_PORT": "0",
            "SAGEMAKER_MODEL_SERVER_WORKERS": "2",
            **variables,
        }
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [venv_python(), str(SERVE)],
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.port = self._port()

    def _port(self) -> int:
        """The system chose one; the server says which."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            text = self.log.read_text()
            if "listening on " in text:
                return int(text.split("listening on ")[1].split(",")[0].rpartition(":")[2])
            if self.process.poll() is not None:
                break
            time.sleep(0.005)
        raise AssertionError(f"the server did not start: {self.log.read_text()}")

    @property
    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    @property
    def resident(self) -> int:
        """The resident memory of all processes, pages they share counted in each."""
        everyone = [psutil.Process(self.process.pid), *self.workers]
        return sum(process.memory_info().rss for process in everyone)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        finally:
            connection.close()

    def predict(self, body: bytes, content_type: str = "text/csv", **headers: str) -> Answer:
        return self.request("POST", "/invocations", body, content_type=content_type, **headers)

    def wait_until_well(self, seconds: float = 20) -> float:
        """Ping until it answers 200; returns when that was, in seconds from the start of the process."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.request("GET", "/ping").status == 200:
                    return time.monotonic() - self.started
            time.sleep(0.005)
        raise AssertionError(f"/ping never answered 200: {self.log.read_text()}")

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def kill_rest(self) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            for worker in self.workers:
                worker.kill()
        self.process.kill()
        self.process.wait()


def venv_python() -> str:
    import sys

    return sys.executable


@contextlib.contextmanager
def running(model: Path, log: Path, **variables: str) -> Iterator[Server]:
    server = Server(model, log, **variables)
    try:
        server.wait_until_well()
        yield server
    finally:
        if server.process.poll() is None:
            server.kill_rest()


def read_answer(channel: socket.socket) -> bytes:
    """All the server sends until it closes, or until an answer with a length is complete."""
    received = b""
    while True:
        try:
            part = channel.recv(65536)
        except ConnectionResetError:
            return received
        received += part
        top, separator, body = received.partition(b"\r\n\r\n")
        if not part:
            return received
        if separator and b"content-length: " in top:
            length = int(top.split(b"content-length: ")[1].split(b"\r\n")[0])
            if len(body) >= length and not top.startswith(b"HTTP/1.1 100"):
                return received
