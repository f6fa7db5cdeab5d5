"""Executions of pipelines, and the executions of their actions."""

from __future__ import annotations

from localaws.core.provider import operation
from localaws.services.codepipeline import action_views, listings, lookup, views
from localaws.services.codepipeline.models import Trigger
from localaws.services.codepipeline.resource import Params, Resource
from localaws.services.codepipeline.start_parameters import start_parameters
from localaws.services.eventbridge.triggers import TriggeringRules


class Executions(Resource):
    """The operations on executions."""

    @operation
    def start_pipeline_execution(self, params: Params) -> Params:
        """StartPipelineExecution."""
        token = params.get("clientRequestToken")
        rule_arn = self.context.shared(TriggeringRules).rule_of(token)
        trigger = (
            Trigger("CloudWatchEvent", rule_arn)
            if rule_arn
            else Trigger("StartPipelineExecution", self.engine.caller)
        )
        with self.store.lock:
            pipeline = self.pipeline(params["name"])
            variables, overrides = start_parameters(pipeline, params)
            execution = self.engine.start(pipeline, trigger, variables, overrides, token)
        return {"pipelineExecutionId": execution.id}

    @operation
    def stop_pipeline_execution(self, params: Params) -> Params:
        """StopPipelineExecution."""
        execution = self.engine.stop(
            self.pipeline(params["pipelineName"]),
            params["pipelineExecutionId"],
            params.get("abandon", False),
            params.get("reason"),
        )
        return {"pipelineExecutionId": execution.id}

    @operation
    def get_pipeline_execution(self, params: Params) -> Params:
        """GetPipelineExecution."""
        with self.store.lock:
            pipeline = self.pipeline(params["pipelineName"])
            execution = lookup.execution(pipeline, params["pipelineExecutionId"])
            return {"pipelineExecution": views.execution(execution)}

    @operation
    def list_pipeline_executions(self, params: Params) -> Params:
        """ListPipelineExecutions, newest first."""
        with self.store.lock:
            found, token = listings.executions(self.pipeline(params["pipelineName"]), params)
            summaries = [views.execution_summary(execution) for execution in found]
        return {"pipelineExecutionSummaries": summaries, "nextToken": token}

    @operation
    def list_action_executions(self, params: Params) -> Params:
        """ListActionExecutions, newest first."""
        region = self.context.region
        with self.store.lock:
            found, token = listings.actions(self.pipeline(params["pipelineName"]), params)
            details = [action_views.action_execution(action, region) for action in found]
        return {"actionExecutionDetails": details, "nextToken": token}
