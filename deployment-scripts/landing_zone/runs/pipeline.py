"""The pipeline of a deployment: reads its executions; starts, answers, retries and stops them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from landing_zone.core.aws import Clients, error_code
from landing_zone.core.deployment import Deployment
from landing_zone.core.errors import OperatorError
from landing_zone.core.names import MANIFEST_ARTIFACTS, SOURCE_ACTION
from landing_zone.runs.history import Step, read_steps
from landing_zone.runs.run import OVER, Action, Run


class Pipeline:
    """The pipeline of a deployment."""

    def __init__(self, aws: Clients, deployment: Deployment) -> None:
        self._aws = aws
        self.deployment = deployment
        self.name = deployment.pipeline_name
        self._api = aws.client("codepipeline")
        # Stage, name and provider of each action, in order.
        self._actions: list[tuple[str, str, str]] | None = None
        self._finished_steps: dict[str, tuple[Step, ...]] = {}

    def executions(self, limit: int = 100) -> list[dict[str, Any]]:
        """Summaries of the latest executions, newest first."""
        answer = self._api.list_pipeline_executions(pipelineName=self.name, maxResults=limit)
        found: list[dict[str, Any]] = answer["pipelineExecutionSummaries"]
        return found

    def executions_from(self, token: str = "") -> tuple[list[dict[str, Any]], str]:
        """A page of 100 summaries, newest first, and the token of the next page; empty at the end."""
        options = {"nextToken": token} if token else {}
        answer = self._api.list_pipeline_executions(
            pipelineName=self.name, maxResults=100, **options
        )
        return answer["pipelineExecutionSummaries"], str(answer.get("nextToken", ""))

    def latest(self) -> str:
        """Id of the oldest execution that has not ended, else of the newest."""
        executions = self.executions()
        if not executions:
            raise OperatorError(
                f"{self.name} has never run: python deployment-scripts/start_run.py"
            )
        active = [item for item in executions if item["status"] not in OVER]
        # Of several in the queue, the oldest is the one that makes progress.
        return str((active[-1] if active else executions[0])["pipelineExecutionId"])

    def start(self, variables: Mapping[str, str]) -> str:
        """Start an execution."""
        overrides = [{"name": name, "value": value} for name, value in variables.items()]
        # An empty list is refused.
        options = {"variables": overrides} if overrides else {}
        answer = self._api.start_pipeline_execution(name=self.name, **options)
        return str(answer["pipelineExecutionId"])

    def start_with_manifest(self, key: str) -> str:
        """Start an execution with another manifest of the source bucket."""
        answer = self._api.start_pipeline_execution(
            name=self.name,
            sourceRevisions=[
                {
                    "actionName": SOURCE_ACTION,
                    "revisionType": "S3_OBJECT_KEY",
                    "revisionValue": key,
                }
            ],
        )
        return str(answer["pipelineExecutionId"])

    def read(self, run_id: str) -> Run:
        """The execution in its present state."""
        execution = self._execution(run_id)
        tries = self._tries(run_id)
        tokens = self._tokens(run_id)
        actions = []
        for stage, name, provider in self._actions_in_order():
            mine = [
                item for item in tries if (item["stageName"], item["actionName"]) == (stage, name)
            ]
            actions.append(self._action(stage, name, provider, mine, tokens.get((stage, name), "")))
        return Run(
            id=run_id,
            status=execution["status"],
            actions=tuple(actions),
            variables={
                item["name"]: item["resolvedValue"] for item in execution.get("variables", [])
            },
        )

    def answer(self, action: Action, *, approved: bool, summary: str) -> None:
        """Answer a waiting approval."""
        try:
            self._api.put_approval_result(
                pipelineName=self.name,
                stageName=action.stage,
                actionName=action.name,
                token=action.token,
                result={
                    "status": "Approved" if approved else "Rejected",
                    # The limit of PutApprovalResult.
                    "summary": summary[:512],
                },
            )
        except ClientError as error:
            if error_code(error) in {
                "InvalidApprovalTokenException",
                "ApprovalAlreadyCompletedException",
            }:
                raise OperatorError(
                    f"{action.name} was answered by somebody else or has timed out: look at `status.py`"
                ) from error
            raise

    def retry(self, run: Run) -> Action:
        """Run the failed actions of the failed stage again, in the same execution."""
        failed = run.failed
        if failed is None:
            raise OperatorError(f"run {run.id} is {run.status}; only a failed stage can be retried")
        self._api.retry_stage_execution(
            pipelineName=self.name,
            stageName=failed.stage,
            pipelineExecutionId=run.id,
            retryMode="FAILED_ACTIONS",
        )
        return failed

    def stop(self, run_id: str, reason: str) -> None:
        """Stop an execution and abandon its action, since an approval could last for days."""
        self._api.stop_pipeline_execution(
            pipelineName=self.name, pipelineExecutionId=run_id, abandon=True, reason=reason[:200]
        )

    def artifact(self, run: Run, name: str) -> dict[str, Any] | None:
        """The JSON object in an output artifact, a zip with one file; None before it is written."""
        found = next((item.outputs[name] for item in run.actions if name in item.outputs), None)
        if found is None:
            return None
        bucket, key = found
        body = self._aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            content: dict[str, Any] = json.loads(archive.read(archive.namelist()[0]))
        return content

    def manifest(self, run: Run) -> dict[str, Any]:
        """The manifest with all that the run has filled in so far."""
        found = self.manifest_so_far(run)
        if found is None:
            raise OperatorError(
                f"run {run.id} has no manifest yet: InvokeCreateSchemaFunction writes it"
            )
        return found

    def manifest_so_far(self, run: Run) -> dict[str, Any] | None:
        """The same; None before InvokeCreateSchemaFunction has written it."""
        for name in MANIFEST_ARTIFACTS:
            content = self.artifact(run, name)
            if content is not None:
                return content
        return None

    def _execution(self, run_id: str) -> dict[str, Any]:
        try:
            answer = self._api.get_pipeline_execution(
                pipelineName=self.name, pipelineExecutionId=run_id
            )
        except ClientError as error:
            if error_code(error) != "PipelineExecutionNotFoundException":
                raise
            known = ", ".join(item["pipelineExecutionId"] for item in self.executions(5))
            raise OperatorError(
                f"{self.name} has no run {run_id}; the latest are: {known or 'none'}"
            ) from error
        found: dict[str, Any] = answer["pipelineExecution"]
        return found

    def _actions_in_order(self) -> list[tuple[str, str, str]]:
        if self._actions is None:
            stages = self._api.get_pipeline(name=self.name)["pipeline"]["stages"]
            self._actions = [
                (stage["name"], action["name"], action["actionTypeId"]["provider"])
                for stage in stages
                for action in sorted(stage["actions"], key=lambda item: item.get("runOrder", 1))
            ]
        return self._actions

    def _tries(self, run_id: str) -> list[dict[str, Any]]:
        """Every attempt at every action, oldest first."""
        pages = self._api.get_paginator("list_action_executions").paginate(
            pipelineName=self.name, filter={"pipelineExecutionId": run_id}
        )
        found = [item for page in pages for item in page["actionExecutionDetails"]]
        return sorted(found, key=lambda item: item["startTime"])

    def _tokens(self, run_id: str) -> dict[tuple[str, str], str]:
        stages: Iterable[Mapping[str, Any]] = self._api.get_pipeline_state(name=self.name)[
            "stageStates"
        ]
        return {
            (stage["stageName"], action["actionName"]): action["latestExecution"]["token"]
            for stage in stages
            if stage.get("latestExecution", {}).get("pipelineExecutionId") == run_id
            for action in stage.get("actionStates", [])
            if action.get("latestExecution", {}).get("token")
        }

    def _action(
        self, stage: str, name: str, provider: str, tries: list[dict[str, Any]], token: str
    ) -> Action:
        if not tries:
            return Action(stage, name, provider)
        latest = tries[-1]
        result = latest.get("output", {}).get("executionResult", {})
        over = latest["status"] != "InProgress"
        return Action(
            stage=stage,
            name=name,
            provider=provider,
            status=latest["status"],
            started=latest["startTime"],
            ended=latest["lastUpdateTime"] if over else None,
            error=str(result.get("errorDetails", {}).get("message", ""))
            or (
                str(result.get("externalExecutionSummary", ""))
                if latest["status"] == "Failed"
                else ""
            ),
            token="" if over else token,
            summary=str(result.get("externalExecutionSummary", "")),
            answered_by=str(latest.get("updatedBy", "")) if over and provider == "Manual" else "",
            attempts=len(tries),
            steps=self._steps(provider, str(result.get("externalExecutionId", "")), over),
            outputs={
                artifact["name"]: (artifact["s3location"]["bucket"], artifact["s3location"]["key"])
                for artifact in latest.get("output", {}).get("outputArtifacts", [])
            }
            if latest["status"] == "Succeeded"
            else {},
        )

    def _steps(self, provider: str, execution_arn: str, over: bool) -> tuple[Step, ...]:
        if provider != "StepFunctions" or not execution_arn.startswith("arn:"):
            return ()
        if execution_arn in self._finished_steps:
            return self._finished_steps[execution_arn]
        pages = (
            self._aws.client("stepfunctions")
            .get_paginator("get_execution_history")
            .paginate(executionArn=execution_arn, includeExecutionData=True)
        )
        steps = tuple(read_steps(event for page in pages for event in page["events"]))
        if over:
            self._finished_steps[execution_arn] = steps
        return steps
