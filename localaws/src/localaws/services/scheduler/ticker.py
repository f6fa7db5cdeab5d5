"""A thread that calls back at times of the emulated clock."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime

from localaws.core.clock import Clock

_log = logging.getLogger(__name__)

Next = Callable[[datetime], datetime | None]
"""From a time to the first time after it; None when there is none."""
Fire = Callable[[datetime], None]
"""Gets the time at which it had to be called. It must not wait."""


@dataclass
class _Entry:
    due: datetime
    next: Next
    fire: Fire
    ended: Callable[[], None] | None


class Ticker:
    """Calls each entry once for each of its times.

    When a fast clock has passed several times of an entry, each is made up for, in order.
    """

    def __init__(self, clock: Clock, name: str) -> None:
        self._clock = clock
        self._name = name
        self._changed = threading.Condition()
        self._entries: dict[Hashable, _Entry] = {}
        self._thread: threading.Thread | None = None
        self._closed = False

    def set(
        self,
        key: Hashable,
        due: datetime | None,
        following: Next,
        fire: Fire,
        ended: Callable[[], None] | None = None,
    ) -> None:
        """Add an entry, or replace the one of the same key.

        Args:
            key: identifies the entry.
            due: its first time; None for an entry without one, which has ended already.
            following: its other times.
            fire: called at each time.
            ended: called after the last time.
        """
        with self._changed:
            if due is None or self._closed:
                self._entries.pop(key, None)
                return
            self._entries[key] = _Entry(due, following, fire, ended)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def due(self, key: Hashable) -> datetime | None:
        """The next time of an entry."""
        with self._changed:
            entry = self._entries.get(key)
            return entry.due if entry else None

    def remove(self, key: Hashable) -> None:
        """Forget an entry. A call that has begun ends."""
        with self._changed:
            self._entries.pop(key, None)

    def close(self) -> None:
        """Call nothing any more."""
        with self._changed:
            self._closed = True
            self._entries.clear()
            self._changed.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=5)

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                now = self._clock.now()
                first = min(self._entries.items(), key=lambda item: item[1].due, default=None)
                if first is None or first[1].due > now:
                    seconds = (first[1].due - now).total_seconds() if first else None
                    self._changed.wait(
                        None if seconds is None else min(60, self._clock.real_seconds(seconds))
                    )
                    continue
                key, entry = first
                due = entry.due
                following = entry.next(due)
                # Before the call, so that no time is taken twice whatever the call does.
                if following is None:
                    del self._entries[key]
                else:
                    entry.due = following
            self._call(entry, due, last=following is None)

    def _call(self, entry: _Entry, due: datetime, *, last: bool) -> None:
        try:
            entry.fire(due)
            if last and entry.ended is not None:
                entry.ended()
        except Exception:
            _log.exception("%s: the call for %s failed", self._name, due)
