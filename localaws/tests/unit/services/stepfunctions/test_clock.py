"""Waits and retries follow localaws' clock."""

from __future__ import annotations

import time

import pytest

from localaws.core.clock import Clock

from .conftest import FakeSageMaker, Runner


@pytest.fixture
def clock() -> Clock:
    return Clock(200.0)


def test_wait_on_a_fast_clock(runner: Runner) -> None:
    started = time.monotonic()
    execution = runner.run({"Wait": {"Type": "Wait", "Seconds": 60, "End": True}})
    seconds = time.monotonic() - started
    assert execution.status == "SUCCEEDED"
    assert 60 / 200 <= seconds < 5


def test_retry_on_a_fast_clock(runner: Runner, sagemaker: FakeSageMaker) -> None:
    sagemaker.statuses = ["Failed"]
    retry = {"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 30, "MaxAttempts": 1}
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
        "Parameters": {"TrainingJobName": "job"},
        "Retry": [retry],
        "End": True,
    }
    started = time.monotonic()
    execution = runner.run({"Train": task})
    seconds = time.monotonic() - started
    assert execution.error == "States.TaskFailed"
    assert sagemaker.names().count("create_training_job") == 2
    assert 30 / 200 <= seconds < 5
