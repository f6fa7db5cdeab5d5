"""One worker process: the model, an event loop, and the connections it accepted."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

# Read when numpy is imported: one worker per core, one thread per worker.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from ml.errors import JobError
from serving.application import Application, Request
from serving.connection import Connection
from serving.connection_counts import ConnectionCounts
from serving.model import open_model
from serving.predictor import load_predictor
from serving.settings import Settings

SWEEP_SECONDS = 0.25
# How long a worker with more connections than another leaves the next one to it: at most this many times.
LEAVE_SECONDS, LEAVE_PORTIONS = 0.001, 5
DRAIN_GRACE_SECONDS = 0.3  # for requests that are on their way when the signal comes
BODIES = 8  # of the largest size, held by one worker at once
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8  # of malloc.h
KEPT_BYTES = 32 * 1024 * 1024  # the most that mallopt takes
MODEL_REFUSED = 3  # exit code: starting again would not help


class Worker:
    """Accepts from the shared socket until it is told to stop."""

    def __init__(
        self,
        application: Application,
        settings: Settings,
        loop: asyncio.AbstractEventLoop,
        counts: ConnectionCounts | None = None,
        slot: int = 0,
    ) -> None:
        self.application = application
        self.settings = settings
        self.loop = loop
        self.connections: set[Connection] = set()
        self._counts, self._slot = counts or ConnectionCounts(1), slot
        self._left = 0  # times in a row that a connection was left to another worker
        self._listener: socket.socket | None = None
        self._accepting = False
        self._opening: set[asyncio.Task[object]] = set()
        # Its thread starts with the first request.
        self._threads = ThreadPoolExecutor(1, "large-requests")
        self._bytes_left = BODIES * settings.maximum_body
        self._stopped = asyncio.Event()

    async def run(self, listener: socket.socket, supervisor: int) -> None:
        """Serve until SIGTERM, or until the supervisor's end of the pipe `supervisor` is gone."""
        listener.setblocking(False)
        self._listener = listener
        self.loop.add_signal_handler(signal.SIGTERM, self.drain)
        self.loop.add_signal_handler(signal.SIGINT, lambda: None)  # Ctrl-C: the supervisor decides
        self.loop.add_reader(supervisor, self._orphaned, supervisor)
        self._count()
        self._accept_on()
        self._sweep()
        await self._stopped.wait()

    def hold(self, size: int) -> bool:
        """Add the bytes of a body; False when this worker then holds more than it may."""
        self._bytes_left -= size
        return self._bytes_left >= 0

    def release(self, size: int) -> None:
        self._bytes_left += size

    def forget(self, connection: Connection) -> None:
        self.connections.discard(connection)
        self._count()
        if not self.application.draining:
            self._accept_on()

    def in_thread(
        self,
        request: Request,
        wanted: Callable[[], bool],
        done: Callable[[Request, bytes], None],
    ) -> None:
        """Answer a large request in a thread; one at a time, which bounds the memory.

        It may have to wait: `wanted` says whether the client is still there when its turn comes.
        """

        def work() -> bytes:
            return self.application.respond(request) if wanted() else b""

        future = self.loop.run_in_executor(self._threads, work)
        future.add_done_callback(lambda answered: done(request, answered.result()))

    def drain(self) -> None:
        """Take no more connections, answer what has begun, then stop."""
        if self.application.draining:
            return
        self.application.draining = True
        deadline = self.loop.time() + self.settings.drain_seconds
        self._accept_off()
        assert self._listener is not None
        # What is in the listen queue was accepted by the system: those clients have sent requests.
        with contextlib.suppress(OSError):
            while True:
                self._open(self._listener.accept()[0])
        self._listener.close()
        self.loop.call_later(DRAIN_GRACE_SECONDS, self._close_idle, deadline)

    def _close_idle(self, deadline: float) -> None:
        for connection in [one for one in self.connections if one.idle]:
            connection.close()
        if not self.connections or self.loop.time() > deadline:
            self._stopped.set()
        else:
            self.loop.call_later(0.02, self._close_idle, deadline)

    def _accept_on(self) -> None:
        if not self._accepting and self._listener is not None:
            self._accepting = True
            self.loop.add_reader(self._listener, self._accept)

    def _accept_off(self) -> None:
        if self._accepting and self._listener is not None:
            self._accepting = False
            self.loop.remove_reader(self._listener)

    def _accept(self) -> None:
        """Accept one connection per turn of the loop; the others are left to workers with fewer."""
        assert self._listener is not None
        if not self._counts.is_least(self._slot) and self._left < LEAVE_PORTIONS:
            self._left += 1
            self._accept_off()
            self.loop.call_later(LEAVE_SECONDS, self._accept_again)
            return
        self._left = 0
        try:
            self._open(self._listener.accept()[0])
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # another worker was faster, or the client is gone
        except OSError as error:  # out of file descriptors: the connection waits in the queue
            print(f"serving: cannot accept: {error}", file=sys.stderr, flush=True)
            self._accept_off()
            self.loop.call_later(1.0, self._accept_again)
        if len(self.connections) + len(self._opening) >= self.settings.connections:
            self._accept_off()

    def _accept_again(self) -> None:
        if not self.application.draining:
            self._accept_on()

    def _count(self) -> None:
        self._counts.set(self._slot, len(self.connections) + len(self._opening))

    def _open(self, channel: socket.socket) -> None:
        channel.setblocking(False)
        opening = self.loop.connect_accepted_socket(lambda: Connection(self), channel)
        task: asyncio.Task[object] = self.loop.create_task(opening)
        self._opening.add(task)
        task.add_done_callback(self._opened)
        self._count()

    def _opened(self, task: asyncio.Task[object]) -> None:
        self._opening.discard(task)
        self._count()
        if not task.cancelled():
            task.exception()  # the client was gone before it was served: nobody is left to tell

    def _sweep(self) -> None:
        now = self.loop.time()
        late = [one for one in self.connections if one.deadline is not None and one.deadline < now]
        for connection in late:
            connection.expire()
        self.loop.call_later(SWEEP_SECONDS, self._sweep)

    def _orphaned(self, supervisor: int) -> None:
        self.loop.remove_reader(supervisor)
        self.drain()


def _set_memory(*, keep: bool) -> None:
    """Tell glibc what to do with the memory of a large body.

    An endpoint returns it to the system at once. A transform job sends one such body after the other, and
    allocating the memory again each time would take a third of its processor time.
    """
    with contextlib.suppress(OSError, AttributeError):  # another C library
        library = ctypes.CDLL(None)
        library.mallopt(M_MMAP_THRESHOLD, KEPT_BYTES if keep else 256 * 1024)
        library.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES if keep else 1024 * 1024)
        library.mallopt(M_ARENA_MAX, 1)


def run_worker(
    listener: socket.socket,
    settings: Settings,
    supervisor: int,
    counts: ConnectionCounts,
    slot: int,
) -> int:
    """The whole life of a worker; returns its exit code."""
    try:
        predictor = load_predictor(open_model(settings.model_directory))
    except JobError as error:
        print(f"serving: {error}", file=sys.stderr, flush=True)
        return MODEL_REFUSED
    except (OSError, MemoryError):
        raise  # another time it may work
    except Exception:
        traceback.print_exc()
        say = "the model cannot be loaded, for the reason above. Train it again with this image."
        print(f"serving: {say}", file=sys.stderr, flush=True)
        return MODEL_REFUSED
    _set_memory(keep=settings.batch)
    # What is loaded now lives as long as the process: the collector need not look at it again.
    gc.collect()
    gc.freeze()

    async def main() -> None:
        application = Application(predictor, settings)
        loop = asyncio.get_running_loop()
        await Worker(application, settings, loop, counts, slot).run(listener, supervisor)

    try:
        import uvloop
    except ImportError:  # not on Windows; slower by a third
        asyncio.run(main())
    else:
        uvloop.run(main())
    return 0
