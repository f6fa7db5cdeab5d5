"""Time as an object, so that a test of a timeout of 20 minutes takes a second."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that runs ``scale`` times as fast as the wall clock.

    Args:
        scale: emulated seconds per real second; 1.0 is real time.
    """

    def __init__(self, scale: float = 1.0) -> None:
        if not scale > 0:
            raise ValueError(f"clock scale is {scale}, but must be greater than 0")
        self.scale = scale
        self._wall_start = datetime.now(UTC)
        self._monotonic_start = time.monotonic()

    def monotonic(self) -> float:
        """Emulated seconds since the clock was made."""
        return (time.monotonic() - self._monotonic_start) * self.scale

    def now(self) -> datetime:
        """The emulated time, aware, UTC."""
        return self._wall_start + timedelta(seconds=self.monotonic())

    def real_seconds(self, seconds: float) -> float:
        """The real time that ``seconds`` of emulated time take, for example for the timeout of a wait."""
        return seconds / self.scale

    def sleep(self, seconds: float) -> None:
        """Sleep for ``seconds`` of emulated time."""
        time.sleep(self.real_seconds(seconds))

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait up to ``seconds`` of emulated time for ``event``; True when it was set."""
        return event.wait(self.real_seconds(seconds))
