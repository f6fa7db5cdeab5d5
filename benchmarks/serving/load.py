"""Start a server, load it with wrk, and read its memory."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.serving.environments import UnavailableError
from benchmarks.serving.stacks import Files, Stack, free_port

START_SECONDS = 60.0
CONNECTIONS = 16
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True)
class Load:
    """What wrk saw."""

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    failed: int  # answers other than 2xx, and broken connections


class Running:
    """A started server."""

    def __init__(
        self, stack: Stack, process: psutil.Process, port: int, started: float, log: Path
    ) -> None:
        self.stack = stack
        self.port = port
        self._log = log
        self._process = process
        self._started = started

    def wait_until_ready(self) -> float:
        """Seconds from the start of the process to the first 200."""
        while time.monotonic() < self._started + START_SECONDS:
            if not self._process.is_running() or self._process.status() == psutil.STATUS_ZOMBIE:
                said = self._log.read_text(errors="replace").strip().splitlines()[-1:]
                raise UnavailableError(f"ended before it was ready: {''.join(said)[:200]}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.request("GET", self.stack.ready)[0] == 200:
                    return time.monotonic() - self._started
            time.sleep(0.005)
        raise UnavailableError(f"not ready after {START_SECONDS:g} s")

    def request(
        self, method: str, path: str, body: bytes | None = None, kind: str = "application/json"
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {"Content-Type": kind, "Accept": kind} if body else {}
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def memory(self) -> tuple[float, float]:
        """Resident and proportional MiB of all processes: the first counts shared pages in each."""
        resident = proportional = 0
        for process in [self._process, *self._process.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                details = process.memory_full_info()
                resident += details.rss
                proportional += getattr(details, "pss", 0)
        return resident / 2**20, proportional / 2**20


@contextlib.contextmanager
def started(stack: Stack, python: Path, model: Files) -> Iterator[Running]:
    """The server, in a process group of its own, which is ended with the block."""
    port = free_port()
    start = stack.start(python, model, port)
    environment = {**os.environ, **stack.environment, **start.environment}
    if not stack.environment:
        environment.pop("OMP_NUM_THREADS", None)
    log = model.work / f"{stack.name.split(' ')[0]}.log"
    with log.open("wb") as output:
        began = time.monotonic()
        process = subprocess.Popen(
            start.command, env=environment, cwd=start.directory, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield Running(stack, psutil.Process(process.pid), port, began, log)
    finally:
        for number, seconds in ((signal.SIGTERM, 15), (signal.SIGKILL, 5)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
        # Some servers' workers outlive their parent for a moment, and would disturb the next.
        time.sleep(0.5)


def require_wrk() -> str:
    wrk = shutil.which("wrk")
    if wrk is None:
        raise SystemExit("benchmarks: wrk is not installed (apt-get install wrk, brew install wrk)")
    return wrk


def load(
    server: Running,
    body: bytes,
    kind: str,
    seconds: int,
    script: Path,
    connections: int = CONNECTIONS,
) -> Load:
    """wrk with one thread."""
    content = script.with_suffix(".body")
    content.write_bytes(body)
    script.write_text(
        f'local file = io.open("{content}", "rb")\n'
        'wrk.body = file:read("*a")\nfile:close()\nwrk.method = "POST"\n'
        f'wrk.headers["Content-Type"] = "{kind}"\nwrk.headers["Accept"] = "{kind}"\n'
    )
    command = [
        require_wrk(), "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "--latency",
        "-s", str(script), f"http://127.0.0.1:{server.port}{server.stack.path}",
    ]  # fmt: skip
    return read_wrk(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def read_wrk(text: str) -> Load:
    def latency(share: str) -> float:
        found = re.search(rf"^\s*{share}%\s+([\d.]+)(us|ms|s|m)\s*$", text, re.MULTILINE)
        return float(found[1]) * _UNITS[found[2]] if found else float("nan")

    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    errors = re.search(
        r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text
    )
    others = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    failed = sum(map(int, errors.groups())) if errors else 0
    failed += int(others[1]) if others else 0
    return Load(float(rate[1]) if rate else 0.0, latency("50"), latency("99"), failed)
