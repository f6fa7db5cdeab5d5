"""Jobs: what a Lambda function is given and answers to.

An action has one job; after each continuation it has another one.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, Final

from localaws.core.context import Context
from localaws.core.errors import AwsError
from localaws.core.provider import operation
from localaws.services.codepipeline import action_views, variables
from localaws.services.codepipeline.engine import Engine
from localaws.services.codepipeline.models import (
    ActionExecution,
    Artifact,
    ErrorDetails,
    Outcome,
)
from localaws.services.codepipeline.resource import Params, Resource

_KEPT: Final = 1000


@dataclass
class Job:
    """One request to a function."""

    id: str
    action: ActionExecution
    continuation_token: str | None
    status: str = "InProgress"


@dataclass(frozen=True)
class Continuation:
    """The answer that the work goes on: the next job brings this token."""

    token: str


class Jobs(Resource):
    """All jobs, and the operations on them.

    A result reaches the engine at once; a continuation reaches the thread of the action.
    """

    def __init__(self, context: Context, engine: Engine) -> None:
        super().__init__(context, engine)
        self._jobs: dict[str, Job] = {}

    def open(self, action: ActionExecution, continuation_token: str | None) -> Job:
        """Make the next job of an action."""
        with self.store.lock:
            job = Job(str(uuid.uuid4()), action, continuation_token)
            self._jobs[job.id] = job
            for old in list(self._jobs)[: max(0, len(self._jobs) - _KEPT)]:
                if not self._jobs[old].action.running:
                    del self._jobs[old]
            return job

    def expire(self, job: Job) -> bool:
        """Close a job that was not answered. False when an answer has arrived in the meantime."""
        with self.store.lock:
            if job.status != "InProgress":
                return False
            job.status = "TimedOut"
            return True

    @operation
    def put_job_success_result(self, params: Params) -> Params:
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
        with self.store.lock:
            action = self._answer(params["jobId"], "Succeeded").action
            action.summary = details.get("summary", action.summary)
            action.external_id = details.get("externalExecutionId", action.external_id)
            action.percent_complete = details.get("percentComplete", action.percent_complete)
            if token:
                action.mailbox.put(Continuation(token))
            else:
                self.engine.finish(action, Outcome(variables=values))
        return {}

    @operation
    def put_job_failure_result(self, params: Params) -> Params:
        """PutJobFailureResult."""
        details = params["failureDetails"]
        outcome = Outcome(
            error=ErrorDetails(details["type"], details["message"]),
            external_id=details.get("externalExecutionId"),
        )
        with self.store.lock:
            self.engine.finish(self._answer(params["jobId"], "Failed").action, outcome)
        return {}

    @operation
    def get_job_details(self, params: Params) -> Params:
        """GetJobDetails."""
        with self.store.lock:
            job = self._get(params["jobId"])
        document = job_document(job, self.context)
        action = job.action
        name = action.execution.pipeline.name
        document["data"] |= {
            "actionTypeId": action_views.action_type(action.declaration),
            "pipelineContext": {
                "pipelineName": name,
                "stage": {"name": action.stage_name},
                "action": {"name": action.declaration.name, "actionExecutionId": action.id},
                "pipelineArn": self.context.arn("codepipeline", name),
                "pipelineExecutionId": action.execution.id,
            },
        }
        return {"jobDetails": document}

    def _get(self, job_id: str) -> Job:
        job = self._jobs.get(job_id)
        if job is None:
            raise AwsError("JobNotFoundException", f"Job with id '{job_id}' does not exist")
        return job

    def _answer(self, job_id: str, status: str) -> Job:
        job = self._get(job_id)
        if job.status != "InProgress" or not job.action.running:
            found = job.status if job.status != "InProgress" else str(job.action.status)
            raise AwsError(
                "InvalidJobStateException",
                f"Job '{job_id}' cannot be answered: it is {found}. A job takes one answer, while its"
                " action is in progress",
            )
        job.status = status
        return job


def job_document(job: Job, context: Context) -> dict[str, Any]:
    """The job as the function gets it. AWS leaves out the members that have no value."""
    action = job.action
    declaration = action.execution.declaration
    acting = context.acting(context.arn("codepipeline", declaration.name))
    credentials = context.environment(declaration.role_arn, acting)
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
