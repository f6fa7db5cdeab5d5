"""Server-sent events: what a path of the API answers, again each time that it changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

from console.web.messages import to_json

# A comment this often keeps the connection open, and shows when the browser has left.
_KEEP_ALIVE_SECONDS = 10.0


class Changes:
    """Wakes the streams when this console itself has changed something."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._count = 0

    def announce(self) -> None:
        with self._condition:
            self._count += 1
            self._condition.notify_all()

    def wait(self, seconds: float) -> None:
        """Return after this time, or earlier when something has changed."""
        with self._condition:
            seen = self._count
            self._condition.wait_for(lambda: self._count != seen, seconds)


def events(
    read: Callable[[], object],
    changes: Changes,
    seconds: float,
    now: Callable[[], float] = time.monotonic,
) -> Iterator[bytes]:
    """An event for each new answer.

    Args:
        read: returns the answer, which becomes JSON.
        changes: wakes the stream.
        seconds: the pause between two looks.
        now: the time in seconds.
    """
    last, sent = b"", now()
    yield b"retry: 1000\n\n"
    while True:
        content = to_json(read())
        if content != last:
            last, sent = content, now()
            yield b"data: " + content + b"\n\n"
        elif now() - sent > _KEEP_ALIVE_SECONDS:
            sent = now()
            yield b": still here\n\n"
        changes.wait(seconds)
