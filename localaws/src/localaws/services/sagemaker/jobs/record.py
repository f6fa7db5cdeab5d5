"""The state of a job."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localaws.services.sagemaker.container.process import Stop
from localaws.services.sagemaker.errors import validation
from localaws.services.sagemaker.jobs.status import (
    SECONDARY_MESSAGES,
    SECONDARY_TRANSITIONS,
    TERMINAL,
    TRANSITIONS,
    JobStatus,
    SecondaryStatus,
)
from localaws.services.sagemaker.store import Record


@dataclass
class JobRecord(Record):
    """One job. Change its status only through :meth:`move` and :meth:`enter`."""

    kind: str = ""
    status: JobStatus = JobStatus.IN_PROGRESS
    secondary: SecondaryStatus | None = None
    transitions: list[dict[str, Any]] = field(default_factory=list)
    started: datetime | None = None
    ended: datetime | None = None
    failure_reason: str | None = None
    results: dict[str, Any] = field(default_factory=dict)
    """What the run adds to Describe, e.g. ExitMessage and FinalMetricDataList."""
    stop: Stop = field(default_factory=Stop)
    on_change: Callable[[JobRecord], None] = field(default=lambda _: None)
    now: Callable[[], datetime] = field(default=datetime.now)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def move(
        self,
        status: JobStatus,
        secondary: SecondaryStatus | None = None,
        reason: str | None = None,
    ) -> None:
        """Go to ``status`` and publish the change.

        Not under the lock: a listener may ask for the job in another thread.
        """
        with self._lock:
            self._set(status, secondary, reason)
        self.on_change(self)

    def enter(self, secondary: SecondaryStatus) -> None:
        """Begin a step of a training job. A job that is being stopped shows no further steps."""
        with self._lock:
            if self.status != JobStatus.IN_PROGRESS:
                return
            self._set(self.status, secondary, None)
        self.on_change(self)

    def request_stop(self, what: str) -> None:
        """Stop the job, as the Stop operations do. ``what`` names the kind of job in the error.

        Raises:
            AwsError: the job has ended.
        """
        with self._lock:
            if self.status in TERMINAL:
                raise validation(
                    f"The request was rejected because the {what} job is in status {self.status}."
                )
            first = self.status == JobStatus.IN_PROGRESS
            if first:
                secondary = SecondaryStatus.STOPPING if self.secondary else None
                self._set(JobStatus.STOPPING, secondary, None)
        if first:
            self.on_change(self)
        self.stop.request()

    def _set(
        self, status: JobStatus, secondary: SecondaryStatus | None, reason: str | None
    ) -> None:
        """Nothing else writes the status."""
        if status != self.status and status not in TRANSITIONS[self.status]:
            raise AssertionError(f"{self.arn}: {self.status} -> {status} is not a transition")
        self.status = status
        self.modified = self.now()
        if reason is not None:
            self.failure_reason = reason
        if status in TERMINAL:
            self.ended = self.modified
        if secondary is not None:
            self._enter(secondary)

    def _enter(self, secondary: SecondaryStatus) -> None:
        if secondary not in SECONDARY_TRANSITIONS.get(self.secondary, frozenset()):
            raise AssertionError(f"{self.arn}: {self.secondary} -> {secondary} is not a transition")
        if self.transitions:
            self.transitions[-1]["EndTime"] = self.modified
        self.secondary = secondary
        step = {
            "Status": secondary,
            "StartTime": self.modified,
            "StatusMessage": SECONDARY_MESSAGES[secondary],
        }
        if self.status in TERMINAL:
            step["EndTime"] = self.modified
            if secondary == SecondaryStatus.FAILED and self.failure_reason:
                step["StatusMessage"] = self.failure_reason
        self.transitions.append(step)
