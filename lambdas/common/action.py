"""Run the work of a Lambda action and give CodePipeline its one answer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from common.errors import ActionError
from common.job import Job

# put_job_failure_result: failureDetails.message has at most 5000 characters (API reference)
MAX_MESSAGE = 5000
_MORE = " ... (more in the log)"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """The result of a successful action: shown in the console, and usable by later actions."""

    summary: str
    variables: Mapping[str, str] = field(default_factory=dict)


def run_action(
    event: Mapping[str, Any], codepipeline: Any, work: Callable[[Job], Answer], request_id: str
) -> None:
    """Do the work and report it. An exception ends here, logged and reported as the job's failure.

    It is not raised again: CodePipeline calls functions asynchronously, and Lambda would retry a
    raised error twice with a job that is already answered (InvalidJobStateException). Two errors are
    raised: for an event that is not a CodePipeline job, and for an answer that CodePipeline refuses.
    """
    job = Job.from_event(event)
    context = {"job_id": job.id, "request_id": request_id}
    logger.info("job received", extra=context)
    try:
        answer = work(job)
    except ActionError as error:
        logger.error("job failed: %s", error, extra=context, exc_info=error.__cause__)
        _fail(codepipeline, job, error.failure_type, str(error), request_id)
    except Exception as error:
        logger.exception("job failed unexpectedly", extra=context)
        message = (
            f"{type(error).__name__}: {error}. This is not expected: see the log of request "
            f"{request_id} in the function's log group, then retry the stage."
        )
        _fail(codepipeline, job, "JobFailed", message, request_id)
    else:
        codepipeline.put_job_success_result(
            jobId=job.id,
            executionDetails={
                "summary": answer.summary[:2048],
                "externalExecutionId": request_id,
                "percentComplete": 100,
            },
            outputVariables=dict(answer.variables),
        )
        logger.info("job succeeded: %s", answer.summary, extra=context)


def _fail(codepipeline: Any, job: Job, kind: str, message: str, request_id: str) -> None:
    if len(message) > MAX_MESSAGE:
        message = message[: MAX_MESSAGE - len(_MORE)] + _MORE
    codepipeline.put_job_failure_result(
        jobId=job.id,
        failureDetails={"type": kind, "message": message, "externalExecutionId": request_id},
    )
