"""Which builds run, and which wait: one thread for each build."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from localaws.core.clock import Clock
from localaws.services.codebuild import models
from localaws.services.codebuild.lifecycle import Lifecycle
from localaws.services.codebuild.models import Build
from localaws.services.codebuild.run import BuildRun

_log = logging.getLogger(__name__)


class Scheduler:
    """Starts builds in the order of their requests, a few at a time.

    Args:
        clock: of the timeouts.
        lifecycle: writes the phases.
        create: makes the run of a build.
        ended: called after the end of a build with the number of retries that its buildspec asks for.
        limit: how many builds run at the same time.
    """

    def __init__(
        self,
        clock: Clock,
        lifecycle: Lifecycle,
        create: Callable[[Build], BuildRun],
        ended: Callable[[Build, int], None],
        limit: int,
    ) -> None:
        self._clock = clock
        self._lifecycle = lifecycle
        self._create = create
        self._ended = ended
        self._changed = threading.Condition()
        self._free = limit
        self._waiting: list[str] = []
        self._running: dict[str, tuple[threading.Thread, Build]] = {}

    def start(self, build: Build) -> None:
        """Run a build in a thread of its own, as soon as there is room."""
        thread = threading.Thread(
            target=self._run, args=(build,), name=f"build/{build.id}", daemon=True
        )
        with self._changed:
            self._waiting.append(build.id)
            self._running[build.id] = (thread, build)
        thread.start()

    def stop(self, build: Build) -> None:
        """Stop a build. Returns at once."""
        build.stop_requested.set()
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """Stop every build and wait for the threads."""
        with self._changed:
            running = list(self._running.values())
        for _, build in running:
            self.stop(build)
        for thread, _ in running:
            thread.join(timeout=10)

    def _run(self, build: Build) -> None:
        status, retries = models.FAULT, 0
        try:
            self._lifecycle.submit(build)
            self._lifecycle.begin(build, models.QUEUED)
            ended = self._wait_for_room(build)
            code = "BUILD_QUEUED_TIMED_OUT" if ended == models.TIMED_OUT else ""
            self._lifecycle.end(build, ended or models.SUCCEEDED, code)
            if ended:
                status = ended
            else:
                status, retries = self._run_with_watch(build)
        except Exception:
            _log.exception("%s failed inside localaws", build.arn)
        finally:
            with self._changed:
                self._running.pop(build.id, None)
            self._lifecycle.finish(build, status)
        self._ended(build, retries)

    def _wait_for_room(self, build: Build) -> str | None:
        """Wait in the queue. Returns the status of a build that does not leave it, or None."""
        limit = build.request.queued_timeout_minutes * 60
        start = self._clock.monotonic()
        with self._changed:
            while True:
                if build.stop_requested.is_set():
                    ended = models.STOPPED
                    break
                if self._free > 0 and self._waiting[0] == build.id:
                    self._free -= 1
                    ended = ""
                    break
                left = limit - (self._clock.monotonic() - start)
                if left <= 0:
                    ended = models.TIMED_OUT
                    break
                self._changed.wait(self._clock.real_seconds(left))
            self._waiting.remove(build.id)
            self._changed.notify_all()
        return ended or None

    def _run_with_watch(self, build: Build) -> tuple[str, int]:
        done = threading.Event()
        try:
            run = self._create(build)
            watch = threading.Thread(
                target=self._watch, args=(build, run, done), name=f"watch/{build.id}", daemon=True
            )
            watch.start()
            return run.run(), run.retries
        finally:
            done.set()
            # Wakes the watch.
            build.stop_requested.set()
            with self._changed:
                self._free += 1
                self._changed.notify_all()

    def _watch(self, build: Build, run: BuildRun, done: threading.Event) -> None:
        """Interrupt a build that is stopped or that takes too long."""
        requested = self._clock.wait(build.stop_requested, build.request.timeout_minutes * 60)
        if not done.is_set():
            run.interrupt(models.STOPPED if requested else models.TIMED_OUT)
