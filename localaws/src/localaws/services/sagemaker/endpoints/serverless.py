"""Serverless variants: a process that starts for a request and stops when no more come."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from localaws.core.clock import Clock
from localaws.services.sagemaker.errors import WorkloadError
from localaws.services.sagemaker.serving.container import start_thread

_log = logging.getLogger(__name__)
# Developer guide, serverless-endpoints: the body of a request has at most 4 MB.
MAX_BODY_BYTES: Final = 4 * 1024 * 1024
# AWS does not say after which time a variant without requests has no process. Emulated seconds.
_IDLE_SECONDS: Final = 300.0
_SHORTEST_PAUSE: Final = 0.1


class TooManyRequestsError(Exception):
    """MaxConcurrency requests are in progress."""


@dataclass(frozen=True)
class ServerlessSettings:
    """A ServerlessConfig, checked."""

    memory_mb: int
    max_concurrency: int
    provisioned_concurrency: int | None = None

    def describe(self) -> dict[str, Any]:
        """The ServerlessConfig of a variant in DescribeEndpoint."""
        config = {"MemorySizeInMB": self.memory_mb, "MaxConcurrency": self.max_concurrency}
        if self.provisioned_concurrency is not None:
            config["ProvisionedConcurrency"] = self.provisioned_concurrency
        return config


class ServerlessScaler:
    """Counts the requests of a serverless variant, and decides when its process runs.

    Args:
        clock: what measures the idle time.
        settings: of the variant.
        scale: starts the process for 1, and stops it for 0.
    """

    def __init__(
        self, clock: Clock, settings: ServerlessSettings, scale: Callable[[int], None]
    ) -> None:
        self._clock, self._settings, self._scale = clock, settings, scale
        self._lock = threading.Lock()
        # Held while the process starts or stops.
        self._changing = threading.Lock()
        self._closed = threading.Event()
        self._running = False
        self._active = 0
        self._last_used = 0.0

    def start(self) -> None:
        """Start the process for the first time.

        Raises:
            WorkloadError: it cannot be started.
        """
        self._start_process()
        # Provisioned concurrency stays warm.
        if self._settings.provisioned_concurrency is None:
            start_thread(self._stop_when_idle, "serverless")

    def close(self) -> None:
        """Start and stop nothing from now on."""
        self._closed.set()

    @contextmanager
    def request(self) -> Iterator[float]:
        """A request in progress, with the real seconds that it waited for the process to start.

        Raises:
            TooManyRequestsError: there are too many.
            WorkloadError: the process cannot be started.
        """
        with self._lock:
            if self._active >= self._settings.max_concurrency:
                raise TooManyRequestsError
            self._active += 1
            running = self._running
        try:
            yield 0.0 if running else self._start_process()
        finally:
            with self._lock:
                self._active -= 1
                self._last_used = self._clock.monotonic()

    def _start_process(self) -> float:
        started = time.monotonic()
        with self._changing:
            if not self._running:
                self._scale(1)
                with self._lock:
                    self._running = True
                    self._last_used = self._clock.monotonic()
        return time.monotonic() - started

    def _stop_when_idle(self) -> None:
        pause = max(_SHORTEST_PAUSE, self._clock.real_seconds(_IDLE_SECONDS) / 10)
        while not self._closed.wait(pause):
            with self._changing:
                with self._lock:
                    idle = self._clock.monotonic() - self._last_used >= _IDLE_SECONDS
                    if not self._running or self._active or not idle:
                        continue
                    self._running = False
                try:
                    self._scale(0)
                except WorkloadError:
                    _log.exception("an idle serverless process was not stopped")
