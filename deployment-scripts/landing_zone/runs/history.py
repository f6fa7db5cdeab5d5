"""The history of a state machine's execution: a step for each task that starts a job or makes something."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from landing_zone.runs import logs

# API action: the parameter with the name, and the log group. An endpoint has a log group of its own.
_NAMED: dict[str, tuple[str, str | None]] = {
    "createProcessingJob": ("ProcessingJobName", logs.PROCESSING_JOBS),
    "createTrainingJob": ("TrainingJobName", logs.TRAINING_JOBS),
    "createTransformJob": ("TransformJobName", logs.TRANSFORM_JOBS),
    "createModel": ("ModelName", None),
    "createModelPackage": ("ModelPackageGroupName", None),
    "createEndpointConfig": ("EndpointConfigName", None),
    "createEndpoint": ("EndpointName", f"{logs.ENDPOINTS}{{name}}"),
    "startExecution": ("Name", None),
    "updateEndpoint": ("EndpointName", f"{logs.ENDPOINTS}{{name}}"),
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
    """A task of the state machine, with the job, model or endpoint that it starts or makes."""

    state: str
    name: str
    # InProgress, Succeeded or Failed.
    status: str
    started: datetime
    ended: datetime | None = None
    log_group: str | None = None
    error: str = ""


def read_steps(history: Iterable[Mapping[str, Any]]) -> list[Step]:
    """Steps from the events of GetExecutionHistory, oldest first; tasks that only read are left out."""
    # By the id of their TaskScheduled event.
    steps: dict[int, Step] = {}
    # Id of any event: id of the TaskScheduled event that it follows.
    task_of: dict[int, int] = {}
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
    action = details["resource"].removesuffix(":2").removesuffix(".sync")
    if action not in _NAMED:
        return None
    key, log_group = _NAMED[action]
    try:
        name = str(json.loads(details["parameters"])[key])
    except (ValueError, KeyError):
        # The history was requested without its data.
        name = "?"
    return Step(
        state=state,
        name=name,
        status="InProgress",
        started=event["timestamp"],
        log_group=log_group.format(name=name) if log_group else None,
    )


def _error(event: Mapping[str, Any]) -> str:
    """Why a task failed: the reason of a job or of an execution, else the message of the service."""
    details: Mapping[str, Any] = next(
        (value for key, value in event.items() if key.endswith("EventDetails")), {}
    )
    cause = str(details.get("cause", ""))
    try:
        described = json.loads(cause)
    except ValueError:
        return cause or str(details.get("error", ""))
    if not isinstance(described, dict):
        return cause
    return str(described.get("FailureReason") or described.get("Cause") or cause)
