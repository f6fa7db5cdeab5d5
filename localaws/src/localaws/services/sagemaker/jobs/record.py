"""The state of a job and its declared transitions."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from localaws.services.sagemaker.container.process import Stop
from localaws.services.sagemaker.errors import validation
from localaws.services.sagemaker.store import Record

IN_PROGRESS, STOPPING = "InProgress", "Stopping"
COMPLETED, FAILED, STOPPED = "Completed", "Failed", "Stopped"
TERMINAL: Final = frozenset({COMPLETED, FAILED, STOPPED})

# SageMaker API reference, ProcessingJobStatus, TrainingJobStatus, TransformJobStatus.
_TRANSITIONS: Final = {
    IN_PROGRESS: frozenset({COMPLETED, FAILED, STOPPED, STOPPING}),
    # A job that was asked to stop may still fail, and one that had just ended keeps its result.
    STOPPING: frozenset({COMPLETED, FAILED, STOPPED}),
    COMPLETED: frozenset(),
    FAILED: frozenset(),
    STOPPED: frozenset(),
}

# API reference, SecondaryStatus of training jobs, with the messages AWS writes.
STARTING, DOWNLOADING, TRAINING, UPLOADING = "Starting", "Downloading", "Training", "Uploading"
MAX_RUNTIME_EXCEEDED = "MaxRuntimeExceeded"
SECONDARY_MESSAGES: Final = {
    STARTING: "Starting the training job",
    DOWNLOADING: "Downloading input data",
    TRAINING: "Training image download completed. Training in progress.",
    UPLOADING: "Uploading generated training model",
    STOPPING: "Stopping the training job",
    COMPLETED: "Training job completed",
    FAILED: "Training job failed",
    STOPPED: "Training job stopped",
    MAX_RUNTIME_EXCEEDED: "Training job runtime exceeded MaxRuntimeInSeconds provided",
}
_SECONDARY: Final = {
    "": frozenset({STARTING}),
    STARTING: frozenset({DOWNLOADING, STOPPING, FAILED, STOPPED}),
    DOWNLOADING: frozenset({TRAINING, STOPPING, FAILED, STOPPED}),
    TRAINING: frozenset({UPLOADING, STOPPING, FAILED, STOPPED, MAX_RUNTIME_EXCEEDED}),
    UPLOADING: frozenset({COMPLETED, FAILED, STOPPING, STOPPED, MAX_RUNTIME_EXCEEDED}),
    STOPPING: frozenset({UPLOADING, STOPPED, COMPLETED, FAILED, MAX_RUNTIME_EXCEEDED}),
}


@dataclass
class JobRecord(Record):
    """One job. Change its status only through :meth:`move` and :meth:`enter`."""

    kind: str = ""
    status: str = IN_PROGRESS
    secondary: str = ""
    transitions: list[dict[str, Any]] = field(default_factory=list)
    started: datetime | None = None
    ended: datetime | None = None
    failure_reason: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    """What the run found out, in the names of Describe, e.g. ExitMessage, ModelArtifacts."""
    stop: Stop = field(default_factory=Stop)
    on_change: Callable[[JobRecord], None] = field(default=lambda _: None)
    now: Callable[[], datetime] = field(default=datetime.now)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def move(self, status: str, secondary: str | None = None, reason: str | None = None) -> None:
        """Go to ``status`` and tell whoever listens.

        Not under the lock: a listener may ask for the job in another thread."""
        with self._lock:
            self._set(status, secondary, reason)
        self.on_change(self)

    def enter(self, secondary: str) -> None:
        """A step of a training job. A job that is being stopped shows no further steps."""
        with self._lock:
            if self.status != IN_PROGRESS:
                return
            self._set(self.status, secondary, None)
        self.on_change(self)

    def request_stop(self, what: str) -> None:
        """What StopXJob does.

        Raises:
            AwsError: the job has ended.
        """
        with self._lock:
            if self.status in TERMINAL:
                raise validation(
                    f"The request was rejected because the {what} job is in status {self.status}."
                )
            first = self.status == IN_PROGRESS
            if first:
                self._set(STOPPING, STOPPING if self.secondary else None, None)
        if first:
            self.on_change(self)
        self.stop.request()

    def _set(self, status: str, secondary: str | None, reason: str | None) -> None:
        """The one place that writes a status."""
        if status != self.status and status not in _TRANSITIONS[self.status]:
            raise AssertionError(f"{self.arn}: {self.status} -> {status} is not a transition")
        self.status = status
        self.modified = self.now()
        if reason is not None:
            self.failure_reason = reason
        if status in TERMINAL:
            self.ended = self.modified
        if secondary is not None:
            self._enter(secondary)

    def _enter(self, secondary: str) -> None:
        if secondary not in _SECONDARY.get(self.secondary, frozenset()):
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
            if secondary == FAILED and self.failure_reason:
                step["StatusMessage"] = self.failure_reason
        self.transitions.append(step)
