"""Writers of log lines of jobs, functions and endpoints to CloudWatch Logs."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from typing import Any

from localaws.core.clock import Clock

_log = logging.getLogger(__name__)
_FLUSH_SECONDS = 0.25
# CloudWatch Logs quotas: a batch has at most 10,000 events and 1 MiB, an event at most 256 KiB.
_MAX_EVENTS = 1_000
_MAX_EVENT_CHARACTERS = 60_000


class LogWriter:
    """Writes lines to one log stream, in batches."""

    def __init__(self, store: LogStore, region: str, group: str, stream: str) -> None:
        self._store = store
        self._region = region
        self.group = group
        self.stream = stream
        self._lock = threading.Lock()
        self._flush_lock = threading.Lock()
        self._events: list[dict[str, Any]] = []
        self._created = False

    def write(self, line: str) -> None:
        """Add a line, without its newline. It is sent within a second."""
        timestamp = int(self._store.clock.now().timestamp() * 1000)
        with self._lock:
            # CloudWatch Logs refuses an empty message.
            self._events.append(
                {"timestamp": timestamp, "message": line[:_MAX_EVENT_CHARACTERS] or " "}
            )

    def flush(self) -> None:
        """Send the lines written so far. An error is logged, so that the job which writes does not fail."""
        with self._flush_lock:
            with self._lock:
                events, self._events = self._events, []
            if not events and self._created:
                return
            try:
                client = self._store.client(self._region)
                if not self._created:
                    self._create(client)
                for start in range(0, len(events), _MAX_EVENTS):
                    client.put_log_events(
                        logGroupName=self.group,
                        logStreamName=self.stream,
                        logEvents=events[start : start + _MAX_EVENTS],
                    )
            except Exception:
                _log.exception(
                    "log stream %s %s lost %d lines", self.group, self.stream, len(events)
                )

    def close(self) -> None:
        """Send the rest, and end the periodic flush of this writer."""
        self.flush()
        self._store.forget(self)

    def _create(self, client: Any) -> None:
        exists = client.exceptions.ResourceAlreadyExistsException
        with contextlib.suppress(exists):
            client.create_log_group(logGroupName=self.group)
        with contextlib.suppress(exists):
            client.create_log_stream(logGroupName=self.group, logStreamName=self.stream)
        self._created = True


class LogStore:
    """All open writers, and the thread that flushes them periodically."""

    def __init__(self, clock: Clock, client: Callable[[str], Any]) -> None:
        self.clock = clock
        self.client = client
        self._lock = threading.Lock()
        self._writers: set[LogWriter] = set()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def writer(self, region: str, group: str, stream: str) -> LogWriter:
        """A new writer. The caller closes it."""
        writer = LogWriter(self, region, group, stream)
        with self._lock:
            self._writers.add(writer)
            if self._thread is None:
                self._thread = threading.Thread(target=self._flush_all, name="logs", daemon=True)
                self._thread.start()
        return writer

    def forget(self, writer: LogWriter) -> None:
        """Stop flushing a writer."""
        with self._lock:
            self._writers.discard(writer)

    def close(self) -> None:
        """Close every writer and stop the thread."""
        self._stopped.set()
        with self._lock:
            writers = list(self._writers)
        for writer in writers:
            writer.close()

    def _flush_all(self) -> None:
        while not self._stopped.wait(_FLUSH_SECONDS):
            with self._lock:
                writers = list(self._writers)
            for writer in writers:
                writer.flush()
