"""The child processes of localaws: jobs, functions and endpoints. They end with the server."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _die_with_parent() -> None:
    # For a SIGKILL of the server, after which no code of localaws runs. The kernel sends the signal when the
    # thread that forked ends, so ProcessTable.spawn forks in a thread that lives as long as the server.
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class ProcessTable:
    """Starts processes, each in a session of its own, and ends them with all that they started."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._users: dict[int, int] = {}
        self._forker = _Forker()

    def spawn(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path | str | None = None,
        stdout: int | IO[Any] | None = subprocess.DEVNULL,
        stderr: int | IO[Any] | None = subprocess.DEVNULL,
        stdin: int | IO[Any] | None = subprocess.DEVNULL,
        uid: int | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start ``argv`` with ``env`` as its whole environment.

        Args:
            argv: the program and its arguments.
            env: the variables.
            cwd: the working directory.
            stdout: as for Popen.
            stderr: as for Popen.
            stdin: as for Popen.
            uid: the user that the program will become by itself, if it does; see :meth:`has_user`.

        Raises:
            OSError: the program cannot be started.
        """
        process = self._forker.run(
            lambda: subprocess.Popen(
                list(argv),
                env=dict(env),
                cwd=cwd,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        )
        with self._lock:
            self._running = {p: c for p, c in self._running.items() if c.poll() is None}
            self._running[process.pid] = process
            if uid is not None:
                self._users[process.pid] = uid
        return process

    def terminate(self, process: subprocess.Popen[bytes], grace_seconds: float) -> int:
        """Send SIGTERM to the process group, and SIGKILL after ``grace_seconds`` of real time.

        Returns:
            The exit code of the process.
        """
        if process.poll() is None:
            _signal_group(process, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(grace_seconds)
        # Also when the process has ended by itself: it may have left processes behind.
        _signal_group(process, signal.SIGKILL)
        return process.wait()

    def has_user(self, uid: int) -> bool:
        """Whether a child process that has not ended runs as a user of its own, and this is the user."""
        with self._lock:
            self._users = {
                pid: user
                for pid, user in self._users.items()
                if pid in self._running and self._running[pid].poll() is None
            }
            return uid in self._users.values()

    def running(self) -> list[int]:
        """The ids of the processes that have not ended."""
        with self._lock:
            return sorted(pid for pid, child in self._running.items() if child.poll() is None)

    def close(self) -> None:
        """End every process at once."""
        with self._lock:
            children, self._running = list(self._running.values()), {}
        for child in children:
            _signal_group(child, signal.SIGKILL)
        for child in children:
            child.wait()
        self._forker.close()


def _signal_group(process: subprocess.Popen[bytes], signum: int) -> None:
    # The process leads its group (start_new_session), so its pid is the id of the group. The kernel does not
    # use the id again while a member of the group lives.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signum)


def kill_processes_with_variable(name: str, value: str) -> None:
    """Kill every process that was started with a variable of this value.

    This ends a daemon that has left the process group of the process that started it.
    """
    wanted = f"{name}={value}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                os.kill(int(entry.name), signal.SIGKILL)


class _Forker:
    """One thread that starts all processes, because PR_SET_PDEATHSIG fires when the starting thread ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool: Any = None

    def run(self, start: Any) -> subprocess.Popen[bytes]:
        from concurrent.futures import ThreadPoolExecutor

        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="forker")
            future = self._pool.submit(start)
        process: subprocess.Popen[bytes] = future.result()
        return process

    def close(self) -> None:
        with self._lock:
            if self._pool is not None:
                self._pool.shutdown(wait=True)
                self._pool = None
