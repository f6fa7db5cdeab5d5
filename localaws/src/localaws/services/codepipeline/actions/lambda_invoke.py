"""Invoke / Lambda: gives a function a job and waits for its answer (user guide: action-reference-Lambda)."""

from __future__ import annotations

import json
from typing import Any

from localaws.core.context import Context
from localaws.services.codepipeline.action_types import SILENCE_SECONDS
from localaws.services.codepipeline.jobs import Continuation, Job, JobTable
from localaws.services.codepipeline.models import Artifact, Outcome
from localaws.services.codepipeline.runner import ActionFailedError, ActionRun


class LambdaInvoke:
    """Invokes the function; again, with a new job, after each continuation.

    Args:
        jobs: where the function's answers arrive.
        continuation_seconds: how long after a continuation the function is asked again.
    """

    def __init__(self, jobs: JobTable, continuation_seconds: float) -> None:
        self._jobs = jobs
        self._continuation_seconds = continuation_seconds

    def run(self, run: ActionRun) -> Outcome:
        """Return never: a success or failure reaches the engine from the API."""
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


def job_document(job: Job, context: Context) -> dict[str, Any]:
    """The job as the function gets it: AWS leaves out members that have no value."""
    action = job.action
    declaration = action.execution.declaration
    credentials = context.environment(declaration.role_arn)
    data: dict[str, Any] = {
        "actionConfiguration": {"configuration": dict(action.resolved)},
        "inputArtifacts": [_artifact(artifact) for artifact in action.inputs],
        "outputArtifacts": [_artifact(artifact) for artifact in action.outputs],
        "artifactCredentials": {
            "accessKeyId": credentials["AWS_ACCESS_KEY_ID"],
            "secretAccessKey": credentials["AWS_SECRET_ACCESS_KEY"],
            "sessionToken": credentials["AWS_SESSION_TOKEN"],
        },
    }
    if job.continuation_token:
        data["continuationToken"] = job.continuation_token
    if declaration.encryption_key_id:
        data["encryptionKey"] = {"id": declaration.encryption_key_id, "type": "KMS"}
    return {"id": job.id, "accountId": context.account_id, "data": data}


def _artifact(artifact: Artifact) -> dict[str, Any]:
    return {
        "location": {
            "s3Location": {"bucketName": artifact.bucket, "objectKey": artifact.key},
            "type": "S3",
        },
        "revision": None,
        "name": artifact.name,
    }
