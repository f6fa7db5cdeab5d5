"""One thread per job: it does the work, sets the final status, and removes what the job left behind."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from localaws.core.context import Context
from localaws.services.sagemaker.container.exits import MAX_REASON
from localaws.services.sagemaker.container.process import Ending
from localaws.services.sagemaker.container.sandbox import Sandbox
from localaws.services.sagemaker.errors import StopRequestedError, WorkloadError
from localaws.services.sagemaker.jobs.record import JobRecord
from localaws.services.sagemaker.jobs.status import TERMINAL, JobStatus, SecondaryStatus

_log = logging.getLogger(__name__)
_INTERNAL = "InternalServerError: We encountered an internal error.  Please try again."
# SageMaker developer guide, your-algorithms-training-algo: SIGKILL comes 120 seconds after SIGTERM.
STOP_GRACE_SECONDS = 120


@dataclass(frozen=True)
class WorkResult:
    """How the work of a job ended when it raised no exception."""

    ending: Ending = Ending.BY_ITSELF
    reason: str | None = None
    """A FailureReason beside a status that is not Failed, e.g. of a processing job that ran out of time."""


Work = Callable[[JobRecord, Sandbox], WorkResult]
"""Raises WorkloadError for Failed and StopRequestedError for Stopped."""

_STATUS_OF_ENDING = {
    Ending.BY_ITSELF: (JobStatus.COMPLETED, SecondaryStatus.COMPLETED),
    Ending.STOPPED: (JobStatus.STOPPED, SecondaryStatus.STOPPED),
    Ending.MAX_RUNTIME: (JobStatus.STOPPED, SecondaryStatus.MAX_RUNTIME_EXCEEDED),
}


class JobRunner:
    """Starts jobs, and ends them when the service closes."""

    def __init__(self, context: Context) -> None:
        self._sandboxes = context.work_dir / "containers"
        self._lock = threading.Lock()
        self._running: dict[threading.Thread, JobRecord] = {}

    def start(self, job: JobRecord, work: Work) -> None:
        """Run ``work`` in a thread of its own."""
        thread = threading.Thread(
            target=self._run, args=(job, work), name=f"{job.kind}/{job.name}", daemon=True
        )
        with self._lock:
            self._running[thread] = job
        thread.start()

    def close(self) -> None:
        """Stop every job immediately and wait for the threads."""
        with self._lock:
            running = dict(self._running)
        for job in running.values():
            job.stop.request(at_once=True)
        for thread in running:
            thread.join(timeout=10)

    def _run(self, job: JobRecord, work: Work) -> None:
        try:
            with Sandbox(self._sandboxes, job.name) as sandbox:
                result = work(job, sandbox)
                _end(job, *_STATUS_OF_ENDING[result.ending], result.reason)
        except StopRequestedError:
            _end(job, JobStatus.STOPPED, SecondaryStatus.STOPPED)
        except WorkloadError as error:
            _end(job, JobStatus.FAILED, SecondaryStatus.FAILED, error.reason)
        except Exception:
            _log.exception("%s failed inside localaws", job.arn)
            _end(job, JobStatus.FAILED, SecondaryStatus.FAILED, _INTERNAL)
        finally:
            with self._lock:
                self._running.pop(threading.current_thread(), None)


def _end(
    job: JobRecord, status: JobStatus, secondary: SecondaryStatus, reason: str | None = None
) -> None:
    if job.status not in TERMINAL:
        job.move(
            status, secondary if job.secondary else None, reason[:MAX_REASON] if reason else None
        )
