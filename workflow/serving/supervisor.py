"""The first process of the container: binds the port and keeps one worker per core alive.

It does not load the model, so it takes 12 MiB, and no request can affect it.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import time
import traceback
from types import FrameType

from serving.connection_counts import ConnectionCounts
from serving.settings import Settings

BACKLOG = 2048
SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}
# A worker that lives shorter than this, or ends before it is ready, is started again later and later.
SHORT_LIFE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 5.0
ATTEMPTS = 6  # to load the model, as long as no worker could
KILL_AFTER_SECONDS = 2.0  # beyond the drain: a worker that does not end by itself
MODEL_REFUSED = 3  # exit code of a worker whose model cannot be served


def serve(settings: Settings) -> int:
    """Run until SIGTERM; returns the exit code of the container."""
    try:
        listener = _bind(settings.host, settings.port)
    except OSError as error:
        say(f"cannot listen on {settings.host}:{settings.port}: {error.strerror}")
        return 1
    host, port = listener.getsockname()[:2]
    say(
        f"listening on {host}:{port}, {settings.workers} worker(s), model {settings.model_directory}"
    )
    return Supervisor(listener, settings).run()


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(BACKLOG)
    return listener


class Supervisor:
    """Starts workers, and reacts to signals one at a time: they arrive as bytes of a pipe."""

    def __init__(self, listener: socket.socket, settings: Settings) -> None:
        self._listener = listener
        self._settings = settings
        self._counts = ConnectionCounts(settings.workers)
        self._born: dict[int, tuple[int, float]] = {}  # slot and time of birth by process id
        # When the worker of which slot is to be started again.
        self._due: list[tuple[float, int]] = []
        self._short_lives = 0
        self._loaded = False  # a worker that has ended was ready before
        self._stop_at: float | None = None
        self._exit_code = 0
        # Its writing end closes with this process, however that ends: the workers then end too.
        self._alive_read, self._alive_write = os.pipe()
        self._signal_read, self._signal_write = os.pipe()

    def run(self) -> int:
        os.set_blocking(self._signal_read, False)
        os.set_blocking(self._signal_write, False)
        signal.set_wakeup_fd(self._signal_write, warn_on_full_buffer=False)
        for number in SIGNALS:
            signal.signal(number, _noted)
        for slot in range(self._settings.workers):
            self._start(slot)
        while self._born or self._stop_at is None:
            if self._received() & {signal.SIGTERM, signal.SIGINT}:
                self._stop(0)
            self._reap()
            self._start_due()
            if self._stop_at is not None and time.monotonic() > self._stop_at:
                self._signal(signal.SIGKILL)
        say("stopped")
        return self._exit_code

    def _received(self) -> set[int]:
        """The signals that arrived; waits for one, but not longer than until the next worker is due."""
        readable, _, _ = select.select([self._signal_read], [], [], self._pause())
        return set(os.read(self._signal_read, 4096)) if readable else set()

    def _pause(self) -> float:
        now = time.monotonic()
        times = [
            *(at for at, _ in self._due),
            *([self._stop_at] if self._stop_at is not None else []),
        ]
        return max(0.01, min((at - now for at in times), default=60.0))

    def _start(self, slot: int) -> None:
        # Held back until the new process has its own way to react: none may be lost in between.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        pid = os.fork()
        if pid == 0:
            os._exit(self._work(slot))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        self._born[pid] = (slot, time.monotonic())

    def _work(self, slot: int) -> int:
        """Be the worker; called in the new process."""
        signal.set_wakeup_fd(-1)
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        for descriptor in (self._alive_write, self._signal_read, self._signal_write):
            os.close(descriptor)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        try:
            from serving.worker import run_worker

            code = run_worker(self._listener, self._settings, self._alive_read, self._counts, slot)
        except BaseException:  # whatever it is: the parent only sees the exit code
            traceback.print_exc()
            code = 1
        sys.stdout.flush()
        sys.stderr.flush()
        return code

    def _reap(self) -> None:
        while self._born:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            slot, born = self._born.pop(pid, (-1, 0.0))
            if slot < 0 or self._stop_at is not None:
                continue
            loaded = self._counts.is_ready(slot)
            self._counts.absent(slot)
            code = os.waitstatus_to_exitcode(status)
            if code == MODEL_REFUSED:
                self._stop(1)
                continue
            lived = time.monotonic() - born
            short = not loaded or lived < SHORT_LIFE_SECONDS
            self._short_lives = self._short_lives + 1 if short else 0
            self._loaded = self._loaded or loaded
            pause = (
                min(LONGEST_PAUSE_SECONDS, 0.1 * 2**self._short_lives) if self._short_lives else 0
            )
            ended = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
            say(f"worker {pid} {ended} after {lived:.1f} s; starting another in {pause:.1f} s")
            if self._short_lives >= ATTEMPTS and not self._has_loaded():
                say(
                    f"{self._short_lives} workers in a row ended before the model was loaded. Where they are "
                    "killed (signal 9), choose an instance type with more memory."
                )
                self._stop(1)
                continue
            self._due.append((time.monotonic() + pause, slot))

    def _has_loaded(self) -> bool:
        """Whether any worker ever was ready."""
        return self._loaded or any(map(self._counts.is_ready, range(self._settings.workers)))

    def _start_due(self) -> None:
        now = time.monotonic()
        due = [slot for at, slot in self._due if at <= now]
        self._due = [(at, slot) for at, slot in self._due if at > now]
        for slot in due:
            self._start(slot)

    def _stop(self, exit_code: int) -> None:
        if self._stop_at is not None:
            return
        self._exit_code = exit_code
        self._due.clear()
        self._stop_at = time.monotonic() + self._settings.drain_seconds + KILL_AFTER_SECONDS
        # With this copy open, the system would go on queueing connections that nobody accepts.
        self._listener.close()
        say(f"stopping, at most {self._settings.drain_seconds:g} s")
        self._signal(signal.SIGTERM)

    def _signal(self, number: int) -> None:
        for pid in self._born:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue


def _noted(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: the signal is read from the pipe."""


def say(message: str) -> None:
    print(f"serving: {message}", flush=True)
