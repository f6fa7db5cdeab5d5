"""The status of a job follows the declared transitions."""

from datetime import UTC, datetime, timedelta

import pytest

from localaws.core.errors import AwsError
from localaws.services.sagemaker.jobs.record import JobRecord
from localaws.services.sagemaker.jobs.status import TERMINAL, JobStatus, SecondaryStatus

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def heard():
    return []


@pytest.fixture
def job(heard):
    ticks = iter(range(1000))
    return JobRecord(
        "job", "arn:job", {}, START, START, kind="training-job",
        on_change=lambda job: heard.append((job.status, job.secondary)),
        now=lambda: START + timedelta(seconds=next(ticks)),
    )  # fmt: skip


def test_a_training_job_from_start_to_end(job, heard):
    job.move(JobStatus.IN_PROGRESS, SecondaryStatus.STARTING)
    for step in (
        SecondaryStatus.DOWNLOADING,
        SecondaryStatus.TRAINING,
        SecondaryStatus.UPLOADING,
    ):
        job.enter(step)
    job.move(JobStatus.COMPLETED, SecondaryStatus.COMPLETED)
    assert [secondary for _, secondary in heard] == [
        "Starting", "Downloading", "Training", "Uploading", "Completed",
    ]  # fmt: skip
    for step, following in zip(job.transitions, job.transitions[1:], strict=False):
        assert step["EndTime"] == following["StartTime"]
    assert job.transitions[-1]["EndTime"] == job.ended


@pytest.mark.parametrize("end", sorted(TERMINAL))
def test_nothing_follows_an_end(job, end):
    job.move(end)
    with pytest.raises(AssertionError, match="is not a transition"):
        job.move(JobStatus.IN_PROGRESS)
    with pytest.raises(AwsError, match=f"The training job|the training job is in status {end}"):
        job.request_stop("training")


def test_steps_are_not_skipped(job):
    job.move(JobStatus.IN_PROGRESS, SecondaryStatus.STARTING)
    with pytest.raises(AssertionError, match="Starting -> Uploading is not a transition"):
        job.enter(SecondaryStatus.UPLOADING)


def test_a_job_that_is_being_stopped_shows_no_further_steps(job, heard):
    job.move(JobStatus.IN_PROGRESS, SecondaryStatus.STARTING)
    job.request_stop("training")
    job.request_stop("training")
    job.enter(SecondaryStatus.DOWNLOADING)
    job.move(JobStatus.STOPPED, SecondaryStatus.STOPPED)
    assert heard == [("InProgress", "Starting"), ("Stopping", "Stopping"), ("Stopped", "Stopped")]
    assert job.stop.requested


def test_the_failure_reason_is_the_message_of_the_last_step(job):
    job.move(JobStatus.IN_PROGRESS, SecondaryStatus.STARTING)
    job.move(JobStatus.FAILED, SecondaryStatus.FAILED, "ClientError: no data")
    assert job.transitions[-1]["StatusMessage"] == "ClientError: no data"
