"""Invoke / Lambda: gives a job to a function and awaits the answer (user guide: action-reference-Lambda)."""

from __future__ import annotations

import json

from localaws.services.codepipeline.action_types import SILENCE_SECONDS
from localaws.services.codepipeline.jobs import Continuation, Job, Jobs, job_document
from localaws.services.codepipeline.models import Outcome
from localaws.services.codepipeline.runner import ActionFailedError, ActionRun


class LambdaInvoke:
    """Invokes the function, and after each continuation again with a new job.

    Args:
        jobs: where the function's answers arrive.
        continuation_seconds: from a continuation to the next invocation.
    """

    def __init__(self, jobs: Jobs, continuation_seconds: float) -> None:
        self._jobs = jobs
        self._continuation_seconds = continuation_seconds

    def run(self, run: ActionRun) -> Outcome:
        """Wait until the action ends. It does not return: a result reaches the engine by the API."""
        token: str | None = None
        while True:
            job = self._jobs.open(run.action, token)
            self._invoke(run, job)
            answer = run.receive(SILENCE_SECONDS)
            if answer is None and self._jobs.expire(job):
                name = run.configuration["FunctionName"]
                raise ActionFailedError(
                    "JobFailed",
                    f"The AWS Lambda function {name} failed to return a result within 20 minutes. Check"
                    " that it calls PutJobSuccessResult or PutJobFailureResult with its job id, also when"
                    " it fails, and that its role allows both.",
                )
            if answer is None:
                answer = run.receive()
            assert isinstance(answer, Continuation)
            token = answer.token
            run.receive(self._continuation_seconds)

    def _invoke(self, run: ActionRun, job: Job) -> None:
        event = {"CodePipeline.job": job_document(job, run.context)}
        name = run.configuration["FunctionName"]
        answer = run.client("lambda").invoke(
            FunctionName=name, InvocationType="Event", Payload=json.dumps(event).encode()
        )
        if answer.get("FunctionError") or answer["StatusCode"] >= 300:
            payload = answer.get("Payload")
            text = payload.read().decode(errors="replace") if payload else ""
            raise ActionFailedError(
                "JobFailed",
                f"The invocation of Lambda function {name} was answered {answer['StatusCode']}: {text}",
            )
