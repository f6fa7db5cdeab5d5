"""Stages: their state, their transitions, and what is done again in one of them."""

from __future__ import annotations

from localaws.core.errors import AwsError
from localaws.core.provider import operation
from localaws.services.codepipeline import listings, lookup, rule_views, views
from localaws.services.codepipeline.declaration import ConditionType
from localaws.services.codepipeline.models import Pipeline
from localaws.services.codepipeline.resource import Params, Resource


class Stages(Resource):
    """The operations on stages."""

    @operation
    def get_pipeline_state(self, params: Params) -> Params:
        """GetPipelineState."""
        with self.store.lock:
            return views.pipeline_state(self.pipeline(params["name"]), self.context.region)

    @operation
    def retry_stage_execution(self, params: Params) -> Params:
        """RetryStageExecution. The execution keeps its id."""
        pipeline = self.pipeline(params["pipelineName"])
        execution_id = params["pipelineExecutionId"]
        self.engine.retry(pipeline, params["stageName"], execution_id, params["retryMode"])
        return {"pipelineExecutionId": execution_id}

    @operation
    def rollback_stage(self, params: Params) -> Params:
        """RollbackStage."""
        pipeline = self.pipeline(params["pipelineName"])
        execution = self.engine.roll_back(
            pipeline, params["stageName"], params["targetPipelineExecutionId"]
        )
        return {"pipelineExecutionId": execution.id}

    @operation
    def override_stage_condition(self, params: Params) -> Params:
        """OverrideStageCondition."""
        self.engine.override(
            self.pipeline(params["pipelineName"]),
            params["stageName"],
            params["pipelineExecutionId"],
            ConditionType(params["conditionType"]),
        )
        return {}

    @operation
    def list_rule_executions(self, params: Params) -> Params:
        """ListRuleExecutions, newest first."""
        region = self.context.region
        with self.store.lock:
            found, token = listings.rules(self.pipeline(params["pipelineName"]), params)
            details = [rule_views.rule_execution(rule, region) for rule in found]
        return {"ruleExecutionDetails": details, "nextToken": token}

    @operation
    def list_rule_types(self, params: Params) -> Params:
        """ListRuleTypes: those that run here."""
        return {"ruleTypes": rule_views.rule_types()}

    @operation
    def enable_stage_transition(self, params: Params) -> Params:
        """EnableStageTransition."""
        pipeline, stage_name = self._entered_stage(params)
        self.engine.enable(pipeline, stage_name)
        return {}

    @operation
    def disable_stage_transition(self, params: Params) -> Params:
        """DisableStageTransition."""
        pipeline, stage_name = self._entered_stage(params)
        self.engine.disable(pipeline, stage_name, params["reason"])
        return {}

    def _entered_stage(self, params: Params) -> tuple[Pipeline, str]:
        """The stage that a transition leads into: an outbound one leads into the next stage."""
        pipeline = self.pipeline(params["pipelineName"])
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
