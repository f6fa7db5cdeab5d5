"""What a state machine's execution did so far: one step for each task that starts something."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

# API action -> the key of its name, and the log group of the job. Endpoints log below their own name.
_NAMED: dict[str, tuple[str, str | None]] = {
    "createProcessingJob": ("ProcessingJobName", "/aws/sagemaker/ProcessingJobs"),
    "createTrainingJob": ("TrainingJobName", "/aws/sagemaker/TrainingJobs"),
    "createTransformJob": ("TransformJobName", "/aws/sagemaker/TransformJobs"),
    "createModel": ("ModelName", None),
    "createModelPackage": ("ModelPackageGroupName", None),
    "createEndpointConfig": ("EndpointConfigName", None),
    "createEndpoint": ("EndpointName", "/aws/sagemaker/Endpoints/{name}"),
    "updateEndpoint": ("EndpointName", "/aws/sagemaker/Endpoints/{name}"),
}
_ENDS = {
    "TaskSucceeded": "Succeeded",
    "TaskFailed": "Failed",
    "TaskTimedOut": "Failed",
    "TaskSubmitFailed": "Failed",
    "TaskStartFailed": "Failed",
}


@dataclass(frozen=True)
class Step:
    """A task of the state machine: the job, model or endpoint it is about."""

    state: str
    name: str
    status: str  # InProgress, Succeeded, Failed
    started: datetime
    ended: datetime | None = None
    log_group: str | None = None
    error: str = ""


def read_steps(history: Iterable[Mapping[str, Any]]) -> list[Step]:
    """Steps from the events of GetExecutionHistory, oldest first; polling and reading are left out."""
    steps: dict[int, Step] = {}  # by the id of their TaskScheduled event
    task_of: dict[int, int] = {}  # any event -> the TaskScheduled event that it follows
    state = ""
    for event in history:
        kind, identity = event["type"], event["id"]
        if kind.endswith("StateEntered"):
            state = event["stateEnteredEventDetails"]["name"]
        elif kind == "TaskScheduled":
            step = _scheduled(event, state)
            if step:
                steps[identity] = step
                task_of[identity] = identity
        elif event.get("previousEventId") in task_of:
            task = task_of[event["previousEventId"]]
            task_of[identity] = task
            if kind in _ENDS:
                steps[task] = replace(
                    steps[task],
                    status=_ENDS[kind],
                    ended=event["timestamp"],
                    error=_error(event) if _ENDS[kind] == "Failed" else "",
                )
    return list(steps.values())


def _scheduled(event: Mapping[str, Any], state: str) -> Step | None:
    details = event["taskScheduledEventDetails"]
    action = details["resource"].removesuffix(".sync")
    if action not in _NAMED:
        return None
    key, log_group = _NAMED[action]
    try:
        name = str(json.loads(details["parameters"])[key])
    except (ValueError, KeyError):
        name = "?"  # the history was asked for without its data
    return Step(
        state=state,
        name=name,
        status="InProgress",
        started=event["timestamp"],
        log_group=log_group.format(name=name) if log_group else None,
    )


def _error(event: Mapping[str, Any]) -> str:
    """The reason of a failed task: of a job its FailureReason, else the service's own sentence."""
    details: Mapping[str, Any] = next(
        (value for key, value in event.items() if key.endswith("EventDetails")), {}
    )
    cause = str(details.get("cause", ""))
    try:
        described = json.loads(cause)
    except ValueError:
        return cause or str(details.get("error", ""))
    return str(described.get("FailureReason", cause)) if isinstance(described, dict) else cause
