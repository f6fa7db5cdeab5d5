"""The only place that writes the status of a build and of its phases, and that publishes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from localaws.core.clock import Clock
from localaws.services.codebuild.models import (
    COMPLETED,
    FAILED,
    FAULT,
    IN_PROGRESS,
    PHASES,
    STOPPED,
    SUCCEEDED,
    TIMED_OUT,
    Build,
    Phase,
    Store,
)

_FINAL: Final = frozenset({SUCCEEDED, FAILED, FAULT, STOPPED, TIMED_OUT})
StateChanged = Callable[[Build], None]
PhaseEnded = Callable[[Build, Phase], None]


class Lifecycle:
    """Moves builds through their phases.

    Args:
        store: has the lock.
        clock: the time of each change.
        state_changed: publishes the status of a build. Called without the lock.
        phase_ended: publishes the end of a phase. Called without the lock.
    """

    def __init__(
        self, store: Store, clock: Clock, state_changed: StateChanged, phase_ended: PhaseEnded
    ) -> None:
        self._store = store
        self._clock = clock
        self._state_changed = state_changed
        self._phase_ended = phase_ended

    def submit(self, build: Build) -> None:
        """Publish the start of a build and pass its first phase."""
        self._state_changed(build)
        self.begin(build, PHASES[0])
        self.end(build, SUCCEEDED)

    def begin(self, build: Build, kind: str) -> None:
        """Start a phase. The phases before it may have been left out, but never come later.

        Raises:
            AssertionError: the transition is not allowed.
        """
        with self._store.lock:
            last = build.phases[-1] if build.phases else None
            assert last is None or last.status in _FINAL, f"{build.id}: {last} has not ended"
            assert last is None or PHASES.index(kind) > PHASES.index(last.kind), (
                f"{build.id}: {kind} cannot follow {last.kind}"
            )
            build.phases.append(Phase(kind, self._clock.now(), IN_PROGRESS))

    def end(self, build: Build, status: str, code: str = "", message: str = "") -> None:
        """End the current phase."""
        assert status in _FINAL, status
        with self._store.lock:
            phase = build.phases[-1]
            assert phase.status == IN_PROGRESS, f"{build.id}: {phase} has ended"
            phase.status, phase.end = status, self._clock.now()
            phase.contexts.append((code, message))
        self._phase_ended(build, phase)

    def finish(self, build: Build, status: str) -> None:
        """End a build."""
        assert status in _FINAL, status
        with self._store.lock:
            assert not build.complete, f"{build.id} has ended"
            now = self._clock.now()
            build.phases.append(Phase(COMPLETED, now))
            build.status, build.end = status, now
        self._phase_ended(build, build.phases[-1])
        self._state_changed(build)
