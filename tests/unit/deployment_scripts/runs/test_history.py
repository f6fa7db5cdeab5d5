from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from landing_zone.runs.history import read_steps
from tests.unit.deployment_scripts.fakes import START


def event(identity: int, kind: str, previous: int = 0, **details: Any) -> dict[str, Any]:
    return {
        "id": identity,
        "type": kind,
        "previousEventId": previous,
        "timestamp": START + timedelta(seconds=identity),
        **details,
    }


def entered(identity: int, name: str) -> dict[str, Any]:
    return event(
        identity, "TaskStateEntered", identity - 1, stateEnteredEventDetails={"name": name}
    )


def scheduled(identity: int, resource: str, parameters: Any) -> dict[str, Any]:
    details = {"resource": resource, "parameters": json.dumps(parameters)}
    return event(identity, "TaskScheduled", identity - 1, taskScheduledEventDetails=details)


TRAINING = [
    event(1, "ExecutionStarted"),
    entered(2, "Train"),
    scheduled(3, "createTrainingJob.sync", {"TrainingJobName": "iris-train-1"}),
    event(4, "TaskStarted", 3),
    event(5, "TaskSubmitted", 4),
]


def test_a_job_that_runs() -> None:
    (step,) = read_steps(TRAINING)

    assert (step.state, step.name, step.status) == ("Train", "iris-train-1", "InProgress")
    assert step.started == START + timedelta(seconds=3)
    assert step.ended is None
    assert step.log_group == "/aws/sagemaker/TrainingJobs"


def test_a_job_that_succeeded() -> None:
    (step,) = read_steps([*TRAINING, event(6, "TaskSucceeded", 5)])

    assert step.status == "Succeeded"
    assert step.ended == START + timedelta(seconds=6)


def test_a_failed_job_has_its_reason() -> None:
    cause = json.dumps({"FailureReason": "AlgorithmError: no rows, exit code: 1"})
    details = {"error": "States.TaskFailed", "cause": cause}

    (step,) = read_steps([*TRAINING, event(6, "TaskFailed", 5, taskFailedEventDetails=details)])

    assert step.status == "Failed"
    assert step.error == "AlgorithmError: no rows, exit code: 1"


def test_a_refused_request_has_the_message_of_the_service() -> None:
    details = {"error": "SageMaker.AmazonSageMakerException", "cause": "no such role"}

    (step,) = read_steps([*TRAINING[:4], event(5, "TaskFailed", 4, taskFailedEventDetails=details)])

    assert step.error == "no such role"


def test_a_timeout_has_its_error_only() -> None:
    details = {"error": "States.Timeout"}

    (step,) = read_steps([*TRAINING, event(6, "TaskTimedOut", 5, taskTimedOutEventDetails=details)])

    assert (step.status, step.error) == ("Failed", "States.Timeout")


def test_polling_and_reading_are_no_steps() -> None:
    history = [
        entered(1, "FindEndpoint"),
        scheduled(2, "describeEndpoint", {"EndpointName": "e"}),
        event(3, "TaskSucceeded", 2),
        entered(4, "CreateEndpoint"),
        scheduled(5, "createEndpoint", {"EndpointName": "e"}),
        event(6, "TaskSucceeded", 5),
    ]

    (step,) = read_steps(history)

    assert (step.state, step.log_group) == ("CreateEndpoint", "/aws/sagemaker/Endpoints/e")


def test_a_job_without_its_data_still_shows() -> None:
    details = {"resource": "createProcessingJob.sync", "parameters": ""}

    (step,) = read_steps([event(1, "TaskScheduled", 0, taskScheduledEventDetails=details)])

    assert step.name == "?"
