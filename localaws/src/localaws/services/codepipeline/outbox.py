"""Sends events to EventBridge, in order and outside of the engine's lock."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Event:
    """A state change in the form of EventBridge."""

    detail_type: str
    detail: dict[str, Any]
    resources: list[str]


class Outbox:
    """Publishes from one thread: a target may call CodePipeline, so the engine must not wait for it."""

    def __init__(self, publish: Callable[[Event], None]) -> None:
        self._publish = publish
        self._queue: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def put(self, event: Event) -> None:
        """Queue an event. Returns at once."""
        self._queue.put(event)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="codepipeline-events", daemon=True
                )
                self._thread.start()

    def close(self) -> None:
        """Publish the remaining events and end the thread."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            thread.join(timeout=2)

    def _run(self) -> None:
        while (event := self._queue.get()) is not None:
            self._publish(event)
