"""The API of CodePipeline."""

from __future__ import annotations

from typing import Any, ClassVar

from localaws.core.context import Context
from localaws.core.errors import AwsError
from localaws.core.provider import Provider, operation
from localaws.services.codepipeline import (
    approvals,
    definitions,
    events,
    history,
    lookup,
    starts,
    views,
)
from localaws.services.codepipeline.action_types import (
    LAMBDA_INVOKE,
    MANUAL_APPROVAL,
    S3_SOURCE,
    STEP_FUNCTIONS_INVOKE,
)
from localaws.services.codepipeline.actions.lambda_invoke import LambdaInvoke, job_document
from localaws.services.codepipeline.actions.manual_approval import ManualApproval
from localaws.services.codepipeline.actions.s3_source import S3Source
from localaws.services.codepipeline.actions.step_functions import StepFunctionsInvoke
from localaws.services.codepipeline.engine import Engine
from localaws.services.codepipeline.jobs import JobTable
from localaws.services.codepipeline.models import ActionExecution, Outcome, Pipeline, Store, Trigger
from localaws.services.codepipeline.outbox import Event, Outbox
from localaws.services.codepipeline.poller import SourcePoller
from localaws.services.codepipeline.runner import Handler, Runner
from localaws.services.codepipeline.statuses import StatusWriter
from localaws.services.eventbridge.triggers import TriggeringRules

Params = dict[str, Any]


class CodePipelineProvider(Provider):
    """CodePipeline in one account and region.

    Args:
        context: its surroundings.
        continuation_seconds: from a continuation token to the next job. About 30 s on AWS.
        poll_seconds: between two looks at a source with PollForSourceChanges.
    """

    service_name: ClassVar[str] = "codepipeline"

    def __init__(
        self, context: Context, continuation_seconds: float = 2.0, poll_seconds: float = 60.0
    ) -> None:
        super().__init__(context)
        self._store = Store()
        self._outbox = Outbox(self._publish)
        statuses = StatusWriter(
            context.clock,
            context.region,
            lambda name: definitions.arn(context, name),
            self._outbox.put,
        )
        caller = f"arn:{context.partition}:iam::{context.account_id}:root"
        self._engine = Engine(self._store, context.clock, statuses, self._launch, caller)
        self._jobs = JobTable(self._engine)
        handlers: dict[Any, Handler] = {
            S3_SOURCE.id: S3Source(),
            LAMBDA_INVOKE.id: LambdaInvoke(self._jobs, continuation_seconds),
            STEP_FUNCTIONS_INVOKE.id: StepFunctionsInvoke(),
            MANUAL_APPROVAL.id: ManualApproval(),
        }
        self._runner = Runner(context, self._store.lock, handlers, self._finish)
        self._poller = SourcePoller(context, self._engine, poll_seconds)

    def close(self) -> None:
        """End every thread."""
        self._poller.close()
        self._runner.close()
        self._outbox.close()

    # --- definitions ---

    @operation
    def create_pipeline(self, params: Params) -> Params:
        """CreatePipeline."""
        pipeline = definitions.create(self._engine, self.context, params)
        self._poller.wake()
        return {"pipeline": pipeline.declaration.document, "tags": _tag_list(pipeline)}

    @operation
    def update_pipeline(self, params: Params) -> Params:
        """UpdatePipeline."""
        pipeline = definitions.update(self._engine, self.context, params)
        self._poller.wake()
        return {"pipeline": pipeline.declaration.document}

    @operation
    def get_pipeline(self, params: Params) -> Params:
        """GetPipeline."""
        pipeline = self._pipeline(params["name"])
        version = params.get("version", pipeline.declaration.version)
        if version not in pipeline.versions:
            raise AwsError(
                "PipelineVersionNotFoundException",
                f"Pipeline {pipeline.name} has no version {version}; the latest is"
                f" {pipeline.declaration.version}",
            )
        return {
            "pipeline": pipeline.versions[version].document,
            "metadata": {
                "pipelineArn": definitions.arn(self.context, pipeline.name),
                "created": pipeline.created,
                "updated": pipeline.updated,
            },
        }

    @operation
    def delete_pipeline(self, params: Params) -> Params:
        """DeletePipeline. Deleting what is not there succeeds, as on AWS."""
        self._engine.remove(params["name"])
        return {}

    @operation
    def list_pipelines(self, params: Params) -> Params:
        """ListPipelines, by name."""
        with self._store.lock:
            ordered = sorted(self._store.pipelines.values(), key=lambda p: p.name)
        numbered = list(zip(range(len(ordered), 0, -1), ordered, strict=True))
        found, token = history.page(numbered, "pipelines", lambda item: item[0], params, 1000)
        return {
            "pipelines": [
                {
                    "name": pipeline.name,
                    "version": pipeline.declaration.version,
                    "pipelineType": pipeline.declaration.document["pipelineType"],
                    "executionMode": pipeline.declaration.mode.value,
                    "created": pipeline.created,
                    "updated": pipeline.updated,
                }
                for _, pipeline in found
            ],
            "nextToken": token,
        }

    @operation
    def tag_resource(self, params: Params) -> Params:
        """TagResource."""
        with self._store.lock:
            pipeline = definitions.by_arn(self._store, self.context, params["resourceArn"])
            definitions.tag(pipeline, params["resourceArn"], params["tags"])
        return {}

    @operation
    def untag_resource(self, params: Params) -> Params:
        """UntagResource."""
        with self._store.lock:
            pipeline = definitions.by_arn(self._store, self.context, params["resourceArn"])
            gone = set(params["tagKeys"])
            pipeline.tags = {k: v for k, v in pipeline.tags.items() if k not in gone}
        return {}

    @operation
    def list_tags_for_resource(self, params: Params) -> Params:
        """ListTagsForResource."""
        with self._store.lock:
            pipeline = definitions.by_arn(self._store, self.context, params["resourceArn"])
            tags = _tag_list(pipeline)
        numbered = list(zip(range(len(tags), 0, -1), tags, strict=True))
        found, token = history.page(
            numbered, f"tags:{pipeline.name}", lambda item: item[0], params, 100
        )
        return {"tags": [item for _, item in found], "nextToken": token}

    # --- executions ---

    @operation
    def start_pipeline_execution(self, params: Params) -> Params:
        """StartPipelineExecution."""
        token = params.get("clientRequestToken")
        rule_arn = self.context.shared(TriggeringRules).rule_of(token)
        trigger = (
            Trigger("CloudWatchEvent", rule_arn)
            if rule_arn
            else Trigger("StartPipelineExecution", self._engine.caller)
        )
        with self._store.lock:
            pipeline = self._pipeline(params["name"])
            variables, overrides = starts.start_parameters(pipeline, params)
            execution = self._engine.start(pipeline, trigger, variables, overrides, token)
        return {"pipelineExecutionId": execution.id}

    @operation
    def get_pipeline_execution(self, params: Params) -> Params:
        """GetPipelineExecution."""
        with self._store.lock:
            pipeline = self._pipeline(params["pipelineName"])
            execution = lookup.execution(pipeline, params["pipelineExecutionId"])
            return {"pipelineExecution": views.execution(execution)}

    @operation
    def list_pipeline_executions(self, params: Params) -> Params:
        """ListPipelineExecutions."""
        with self._store.lock:
            pipeline = self._pipeline(params["pipelineName"])
            found, token = history.executions(pipeline, params)
            summaries = [views.execution_summary(execution) for execution in found]
        return {"pipelineExecutionSummaries": summaries, "nextToken": token}

    @operation
    def get_pipeline_state(self, params: Params) -> Params:
        """GetPipelineState."""
        with self._store.lock:
            return views.pipeline_state(self._pipeline(params["name"]), self.context.region)

    @operation
    def list_action_executions(self, params: Params) -> Params:
        """ListActionExecutions."""
        with self._store.lock:
            pipeline = self._pipeline(params["pipelineName"])
            found, token = history.actions(pipeline, params)
            details = [views.action_execution(action, self.context.region) for action in found]
        return {"actionExecutionDetails": details, "nextToken": token}

    @operation
    def stop_pipeline_execution(self, params: Params) -> Params:
        """StopPipelineExecution."""
        pipeline = self._pipeline(params["pipelineName"])
        execution = self._engine.stop(
            pipeline,
            params["pipelineExecutionId"],
            params.get("abandon", False),
            params.get("reason"),
        )
        return {"pipelineExecutionId": execution.id}

    @operation
    def retry_stage_execution(self, params: Params) -> Params:
        """RetryStageExecution. The execution keeps its id."""
        pipeline = self._pipeline(params["pipelineName"])
        execution_id = params["pipelineExecutionId"]
        self._engine.retry(pipeline, params["stageName"], execution_id, params["retryMode"])
        return {"pipelineExecutionId": execution_id}

    @operation
    def rollback_stage(self, params: Params) -> Params:
        """RollbackStage."""
        pipeline = self._pipeline(params["pipelineName"])
        execution = self._engine.roll_back(
            pipeline, params["stageName"], params["targetPipelineExecutionId"]
        )
        return {"pipelineExecutionId": execution.id}

    @operation
    def enable_stage_transition(self, params: Params) -> Params:
        """EnableStageTransition."""
        pipeline, stage_name = self._transition(params)
        self._engine.enable(pipeline, stage_name)
        return {}

    @operation
    def disable_stage_transition(self, params: Params) -> Params:
        """DisableStageTransition."""
        pipeline, stage_name = self._transition(params)
        self._engine.disable(pipeline, stage_name, params["reason"])
        return {}

    # --- answers to actions ---

    @operation
    def put_approval_result(self, params: Params) -> Params:
        """PutApprovalResult."""
        pipeline = self._pipeline(params["pipelineName"])
        approved_at = approvals.answer(self._engine, pipeline, params, self.context.clock)
        return {"approvedAt": approved_at}

    @operation
    def put_job_success_result(self, params: Params) -> Params:
        """PutJobSuccessResult."""
        self._jobs.succeed(params["jobId"], params)
        return {}

    @operation
    def put_job_failure_result(self, params: Params) -> Params:
        """PutJobFailureResult."""
        self._jobs.fail(params["jobId"], params["failureDetails"])
        return {}

    @operation
    def get_job_details(self, params: Params) -> Params:
        """GetJobDetails."""
        job = self._jobs.get(params["jobId"])
        document = job_document(job, self.context)
        action = job.action
        document["data"] |= {
            "actionTypeId": views.action_type(action.declaration),
            "pipelineContext": {
                "pipelineName": action.execution.pipeline.name,
                "stage": {"name": action.stage_name},
                "action": {"name": action.declaration.name, "actionExecutionId": action.id},
                "pipelineArn": definitions.arn(self.context, action.execution.pipeline.name),
                "pipelineExecutionId": action.execution.id,
            },
        }
        return {"jobDetails": document}

    # --- wiring ---

    def _pipeline(self, name: str) -> Pipeline:
        return lookup.pipeline(self._store, name, self.context.account_id)

    def _transition(self, params: Params) -> tuple[Pipeline, str]:
        """The stage whose entry a transition is: an outbound one is the next stage's inbound one."""
        pipeline = self._pipeline(params["pipelineName"])
        stage = lookup.stage(pipeline, params["stageName"])
        if params["transitionType"] == "Inbound":
            return pipeline, stage.name
        following = pipeline.declaration.stage_after(stage.name)
        if following is None:
            raise AwsError(
                "ValidationException",
                f"Stage {stage.name} is the last of pipeline {pipeline.name}: it has no outbound transition",
            )
        return pipeline, following.name

    def _launch(self, action: ActionExecution) -> None:
        self._runner.launch(action)

    def _finish(self, action: ActionExecution, outcome: Outcome) -> bool:
        return self._engine.finish(action, outcome)

    def _publish(self, event: Event) -> None:
        self.context.publish(events.SOURCE, event.detail_type, event.detail, event.resources)


def _tag_list(pipeline: Pipeline) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in pipeline.tags.items()]
