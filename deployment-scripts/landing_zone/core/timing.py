"""How long each step of a command took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Steps:
    """Collects the seconds of each step for a table at the end."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure what happens inside, also when it fails."""
        started = self._now()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + self._now() - started

    def table(self, title: str) -> str:
        """A line for each step, and their sum."""
        width = max(map(len, [*self.seconds, title]), default=0)
        lines = [f"  {name:<{width}}  {taken:6.1f} s" for name, taken in self.seconds.items()]
        total = sum(self.seconds.values())
        return "\n".join([title, *lines, f"  {'total':<{width}}  {total:6.1f} s"])
