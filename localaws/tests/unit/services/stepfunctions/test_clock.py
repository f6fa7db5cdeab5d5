"""Waits and retries follow localaws' clock."""

from __future__ import annotations

import time

from localaws.core.clock import Clock

from .conftest import FakeContext, FakeSageMaker, Runner


def test_wait_and_retry_on_a_fast_clock(context: FakeContext, sagemaker: FakeSageMaker) -> None:
    context.clock = Clock(200.0)
    runner = Runner(context, sagemaker)
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
    execution = runner.run(
        {"Wait": {"Type": "Wait", "Seconds": 60, "Next": "Train"}, "Train": task}
    )
    seconds = time.monotonic() - started
    assert execution.error == "States.TaskFailed"
    assert sagemaker.names().count("create_training_job") == 2
    assert (60 + 30) / 200 <= seconds < 5
