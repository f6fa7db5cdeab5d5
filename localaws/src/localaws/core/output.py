"""The standard output of a process, line by line, in order with what the process reports otherwise."""

from __future__ import annotations

import fcntl
import os
import select
import threading
from collections.abc import Callable
from typing import IO

_CHUNK = 65_536


class OutputPump:
    """Reads a pipe in the background and passes each complete line on.

    A process writes its log to this pipe and an answer to somewhere else. The lines that were written before
    an answer must be logged before it, so :meth:`drain` reads the pipe in the caller's thread.
    """

    def __init__(self, pipe: IO[bytes], on_line: Callable[[str], None]) -> None:
        self._pipe = pipe
        self._on_line = on_line
        self._lock = threading.Lock()
        self._rest = b""
        self._closed = False
        self._fd = pipe.fileno()
        flags = fcntl.fcntl(self._fd, fcntl.F_GETFL)
        fcntl.fcntl(self._fd, fcntl.F_SETFL, flags | os.O_NONBLOCK)
        self._thread = threading.Thread(target=self._run, name="output", daemon=True)
        self._thread.start()

    def drain(self) -> None:
        """Pass on everything that has been written so far."""
        with self._lock:
            self._read_all()

    def close(self) -> None:
        """Pass on the rest, including an unfinished line, and close the pipe."""
        with self._lock:
            if self._closed:
                return
            self._read_all()
            if self._rest:
                self._pass_on(self._rest)
            self._closed = True
        # The reading thread may be polling the descriptor; closing it meanwhile is undefined.
        if threading.current_thread() is not self._thread:
            self._thread.join(1.0)
        self._pipe.close()

    def _run(self) -> None:
        poller = select.poll()
        poller.register(self._fd, select.POLLIN | select.POLLHUP)
        while True:
            poller.poll(1_000)
            with self._lock:
                if self._closed or not self._read_all():
                    return

    def _read_all(self) -> bool:
        """Pass on all complete lines; False at the end of the pipe."""
        while not self._closed:
            try:
                chunk = os.read(self._fd, _CHUNK)
            except BlockingIOError:
                return True
            if not chunk:
                return False
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            for line in lines:
                self._pass_on(line)
        return False

    def _pass_on(self, line: bytes) -> None:
        # The runtime client separates the lines of one traceback by CR, so that it stays one log event.
        self._on_line(line.decode(errors="replace").rstrip("\r").replace("\r", "\n"))
