"""The log groups of jobs and endpoints, and the lines that one of them has written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from landing_zone.core.errors import OperatorError

SAGEMAKER = "/aws/sagemaker/"
PROCESSING_JOBS = f"{SAGEMAKER}ProcessingJobs"
TRAINING_JOBS = f"{SAGEMAKER}TrainingJobs"
TRANSFORM_JOBS = f"{SAGEMAKER}TransformJobs"
# The name of the endpoint follows.
ENDPOINTS = f"{SAGEMAKER}Endpoints/"


def job_log(logs: Any, name: str) -> Iterator[str]:
    """Every line that a job or endpoint has written; an error when it has no log."""
    streams = list(_streams_of(logs, name))
    if not streams:
        raise OperatorError(f"no log of {name!r}; `status.py` lists the jobs of a run")
    for group, stream in streams:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, logStreamNames=[stream]
        )
        for event in (event for page in pages for event in page["events"]):
            yield event["message"].rstrip("\n")


def log_groups(logs: Any, prefix: str) -> list[str]:
    """The names of the log groups that begin with a prefix."""
    pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
    return [group["logGroupName"] for page in pages for group in page["logGroups"]]


def log_streams(logs: Any, group: str, prefix: str = "") -> list[str]:
    """The names of the streams of a group that begin with a prefix."""
    options = {"logStreamNamePrefix": prefix} if prefix else {}
    pages = logs.get_paginator("describe_log_streams").paginate(logGroupName=group, **options)
    return [stream["logStreamName"] for page in pages for stream in page["logStreams"]]


def _streams_of(logs: Any, name: str) -> Iterator[tuple[str, str]]:
    """Group and stream: a job's streams begin with its name, an endpoint has a group of its own."""
    for group in log_groups(logs, SAGEMAKER):
        if not group.startswith(ENDPOINTS):
            yield from ((group, stream) for stream in log_streams(logs, group, f"{name}/"))
        elif group == f"{ENDPOINTS}{name}":
            yield from ((group, stream) for stream in log_streams(logs, group))
