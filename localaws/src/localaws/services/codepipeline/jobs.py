"""Jobs: what a Lambda function answers to. One action has one job, or one after another (continuations)."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass
from typing import Any, Final

from localaws.core.errors import AwsError
from localaws.services.codepipeline import variables
from localaws.services.codepipeline.engine import Engine
from localaws.services.codepipeline.models import ActionExecution, ErrorDetails, Outcome

_KEPT: Final = 1000


@dataclass
class Job:
    """One question to a function."""

    id: str
    action: ActionExecution
    continuation_token: str | None
    status: str = "InProgress"


@dataclass(frozen=True)
class Continuation:
    """The answer "not yet": ask again later, with this token."""

    token: str


class JobTable:
    """All jobs. An answer reaches the engine at once; a continuation reaches the action's thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock: threading.RLock = engine.store.lock
        self._jobs: dict[str, Job] = {}

    def open(self, action: ActionExecution, continuation_token: str | None) -> Job:
        """Make the next job of an action."""
        with self._lock:
            job = Job(str(uuid.uuid4()), action, continuation_token)
            self._jobs[job.id] = job
            for old in list(self._jobs)[: max(0, len(self._jobs) - _KEPT)]:
                if not self._jobs[old].action.running:
                    del self._jobs[old]
            return job

    def expire(self, job: Job) -> bool:
        """Close a job that nobody answered. False when an answer has come at the last moment."""
        with self._lock:
            if job.status != "InProgress":
                return False
            job.status = "TimedOut"
            return True

    def get(self, job_id: str) -> Job:
        """A job by id."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None:
                raise AwsError("JobNotFoundException", f"Job with id '{job_id}' does not exist")
            return job

    def succeed(self, job_id: str, params: dict[str, Any]) -> None:
        """PutJobSuccessResult."""
        token = params.get("continuationToken")
        values = params.get("outputVariables", {})
        details = params.get("executionDetails", {})
        if token and values:
            raise AwsError(
                "ValidationException",
                "outputVariables can be sent only without a continuationToken: the action has not ended",
            )
        size = variables.byte_size(values)
        if size > variables.MAX_OUTPUT_BYTES:
            raise AwsError(
                "OutputVariablesSizeExceededException",
                f"The output variables are {size} bytes; the limit is {variables.MAX_OUTPUT_BYTES}",
            )
        with self._lock:
            job = self._answer(job_id, "Succeeded")
            action = job.action
            action.summary = details.get("summary", action.summary)
            action.external_id = details.get("externalExecutionId", action.external_id)
            action.percent_complete = details.get("percentComplete", action.percent_complete)
            if token:
                action.mailbox.put(Continuation(token))
                return
            self._engine.finish(action, Outcome(variables=values))

    def fail(self, job_id: str, details: dict[str, Any]) -> None:
        """PutJobFailureResult."""
        with self._lock:
            job = self._answer(job_id, "Failed")
            outcome = Outcome(
                error=ErrorDetails(details["type"], details["message"]),
                external_id=details.get("externalExecutionId"),
            )
            self._engine.finish(job.action, outcome)

    def _answer(self, job_id: str, status: str) -> Job:
        job = self.get(job_id)
        if job.status != "InProgress" or not job.action.running:
            found = job.status if job.status != "InProgress" else str(job.action.status)
            raise AwsError(
                "InvalidJobStateException",
                f"Job '{job_id}' cannot be answered: it is {found}. A job takes one answer, while its"
                " action is in progress",
            )
        job.status = status
        return job
