"""One thread per job: runs it, turns what happened into its final status, leaves nothing behind."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localaws.core.context import Context
from localaws.services.sagemaker.container.exits import MAX_REASON
from localaws.services.sagemaker.container.process import Ending
from localaws.services.sagemaker.container.sandbox import Sandbox
from localaws.services.sagemaker.errors import HaltedError, JobError
from localaws.services.sagemaker.jobs import record as states
from localaws.services.sagemaker.jobs.record import JobRecord

_log = logging.getLogger(__name__)
_INTERNAL = "InternalServerError: We encountered an internal error.  Please try again."
# SageMaker developer guide, your-algorithms-training-algo: SIGKILL comes 120 seconds after SIGTERM.
STOP_GRACE_SECONDS = 120


@dataclass(frozen=True)
class Outcome:
    """How a job's work ended, when no fault was raised."""

    ending: Ending = Ending.BY_ITSELF
    facts: dict[str, Any] = field(default_factory=dict)
    reason: str | None = None
    """A FailureReason beside a status that is not Failed, e.g. of a processing job stopped for its time."""


Work = Callable[[JobRecord, Sandbox], Outcome]


class JobEngine:
    """Starts jobs and, when the service closes, ends them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._running: dict[threading.Thread, JobRecord] = {}

    @property
    def directory(self) -> Path:
        """Where the sandboxes are."""
        return self._context.work_dir / "containers"

    def start(self, job: JobRecord, work: Work) -> None:
        """Run ``work`` in a thread of its own."""
        thread = threading.Thread(
            target=self._run, args=(job, work), name=f"{job.kind}/{job.name}", daemon=True
        )
        with self._lock:
            self._running[thread] = job
        thread.start()

    def close(self) -> None:
        """Stop every job at once and wait for the threads."""
        with self._lock:
            running = dict(self._running)
        for job in running.values():
            job.stop.request(at_once=True)
        for thread in running:
            thread.join(timeout=10)

    def _run(self, job: JobRecord, work: Work) -> None:
        try:
            with Sandbox(self.directory, job.name) as sandbox:
                self._finish(job, work(job, sandbox))
        except HaltedError:
            self._end(job, states.STOPPED, states.STOPPED)
        except JobError as fault:
            self._end(job, states.FAILED, states.FAILED, fault.reason)
        except Exception:
            _log.exception("%s failed inside localaws", job.arn)
            self._end(job, states.FAILED, states.FAILED, _INTERNAL)
        finally:
            with self._lock:
                self._running.pop(threading.current_thread(), None)

    def _finish(self, job: JobRecord, outcome: Outcome) -> None:
        job.facts.update(outcome.facts)
        status, secondary = {
            Ending.BY_ITSELF: (states.COMPLETED, states.COMPLETED),
            Ending.STOPPED: (states.STOPPED, states.STOPPED),
            Ending.MAX_RUNTIME: (states.STOPPED, states.MAX_RUNTIME_EXCEEDED),
        }[outcome.ending]
        self._end(job, status, secondary, outcome.reason)

    def _end(self, job: JobRecord, status: str, secondary: str, reason: str | None = None) -> None:
        if job.status in states.TERMINAL:
            return
        job.move(
            status,
            secondary if job.secondary else None,
            reason[:MAX_REASON] if reason else None,
        )
