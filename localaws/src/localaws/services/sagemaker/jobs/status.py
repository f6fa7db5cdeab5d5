"""The statuses of jobs and their transitions.

API reference: ProcessingJobStatus, TrainingJobStatus, TransformJobStatus, and SecondaryStatus of training
jobs with the messages that AWS writes.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class JobStatus(StrEnum):
    """The status of a job of any kind."""

    IN_PROGRESS = "InProgress"
    STOPPING = "Stopping"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPED = "Stopped"


class SecondaryStatus(StrEnum):
    """A step of a training job."""

    STARTING = "Starting"
    DOWNLOADING = "Downloading"
    TRAINING = "Training"
    UPLOADING = "Uploading"
    STOPPING = "Stopping"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPED = "Stopped"
    MAX_RUNTIME_EXCEEDED = "MaxRuntimeExceeded"


TERMINAL: Final = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.STOPPED})

TRANSITIONS: Final = {
    JobStatus.IN_PROGRESS: TERMINAL | {JobStatus.STOPPING},
    # A job that was asked to stop may still fail, and one that had just ended keeps its result.
    JobStatus.STOPPING: TERMINAL,
    JobStatus.COMPLETED: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.STOPPED: frozenset(),
}

_ENDED: Final = frozenset({SecondaryStatus.FAILED, SecondaryStatus.STOPPED})
_STOPPABLE: Final = _ENDED | {SecondaryStatus.STOPPING}
SECONDARY_TRANSITIONS: Final = {
    None: frozenset({SecondaryStatus.STARTING}),
    SecondaryStatus.STARTING: _STOPPABLE | {SecondaryStatus.DOWNLOADING},
    SecondaryStatus.DOWNLOADING: _STOPPABLE | {SecondaryStatus.TRAINING},
    SecondaryStatus.TRAINING: _STOPPABLE
    | {SecondaryStatus.UPLOADING, SecondaryStatus.MAX_RUNTIME_EXCEEDED},
    SecondaryStatus.UPLOADING: _STOPPABLE
    | {SecondaryStatus.COMPLETED, SecondaryStatus.MAX_RUNTIME_EXCEEDED},
    SecondaryStatus.STOPPING: _ENDED
    | {
        SecondaryStatus.UPLOADING,
        SecondaryStatus.COMPLETED,
        SecondaryStatus.MAX_RUNTIME_EXCEEDED,
    },
}

SECONDARY_MESSAGES: Final = {
    SecondaryStatus.STARTING: "Starting the training job",
    SecondaryStatus.DOWNLOADING: "Downloading input data",
    SecondaryStatus.TRAINING: "Training image download completed. Training in progress.",
    SecondaryStatus.UPLOADING: "Uploading generated training model",
    SecondaryStatus.STOPPING: "Stopping the training job",
    SecondaryStatus.COMPLETED: "Training job completed",
    SecondaryStatus.FAILED: "Training job failed",
    SecondaryStatus.STOPPED: "Training job stopped",
    SecondaryStatus.MAX_RUNTIME_EXCEEDED: (
        "Training job runtime exceeded MaxRuntimeInSeconds provided"
    ),
}
