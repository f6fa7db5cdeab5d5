"""How many connections each worker has, in memory that all of them see.

Workers accept from one socket. The system wakes all that wait, and a worker that is already awake takes every
connection of a burst: sixteen clients may end up with one worker while the other core is idle. So a worker
that has more connections than another waits a moment and leaves the next one to it.
"""

from __future__ import annotations

import mmap

ABSENT = 2**31 - 1  # not ready: nothing is left to it


class ConnectionCounts:
    """One number per worker, created before the workers and inherited by them."""

    def __init__(self, workers: int) -> None:
        self._memory = mmap.mmap(-1, 4 * workers)
        self._counts = memoryview(self._memory).cast("i")
        for slot in range(workers):
            self._counts[slot] = ABSENT

    def set(self, slot: int, connections: int) -> None:
        self._counts[slot] = connections

    def absent(self, slot: int) -> None:
        """Note that the worker ended: until its successor is ready, nothing is left to it."""
        self._counts[slot] = ABSENT

    def is_ready(self, slot: int) -> bool:
        return self._counts[slot] != ABSENT

    def is_least(self, slot: int) -> bool:
        """Whether no other worker has fewer connections."""
        mine = self._counts[slot]
        return all(mine <= count for count in self._counts)
