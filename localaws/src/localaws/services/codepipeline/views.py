"""Pipelines and their executions in the shapes of the API's answers."""

from __future__ import annotations

from localaws.services.codepipeline import action_views, rule_views
from localaws.services.codepipeline.action_views import Document, given
from localaws.services.codepipeline.declaration import ActionDeclaration
from localaws.services.codepipeline.models import (
    Pipeline,
    PipelineExecution,
    StageRun,
    Status,
)


def pipeline_state(pipeline: Pipeline, region: str) -> Document:
    """GetPipelineState."""
    return {
        "pipelineName": pipeline.name,
        "pipelineVersion": pipeline.declaration.version,
        "stageStates": [
            _stage_state(pipeline, stage.name, stage.actions, region)
            for stage in pipeline.declaration.stages
        ],
        "created": pipeline.created,
        "updated": pipeline.updated,
    }


def _stage_state(
    pipeline: Pipeline, name: str, actions: tuple[ActionDeclaration, ...], region: str
) -> Document:
    disabled = pipeline.disabled.get(name)
    inbound = [_inbound(execution) for execution in pipeline.queue(name)]
    run = pipeline.latest_runs.get(name)
    return given(
        {
            "stageName": name,
            "inboundExecution": inbound[0] if inbound else None,
            "inboundExecutions": inbound,
            "inboundTransitionState": given(
                {
                    "enabled": disabled is None,
                    "disabledReason": disabled and disabled.reason,
                    "lastChangedBy": disabled and disabled.changed_by,
                    "lastChangedAt": disabled and disabled.changed_at,
                }
            ),
            "actionStates": [action_views.action_state(pipeline, name, a, region) for a in actions],
            "latestExecution": run and _stage_execution(run),
            **rule_views.condition_states(pipeline, name, region),
            "retryStageMetadata": run and _retry_metadata(run),
        }
    )


def _inbound(execution: PipelineExecution) -> Document:
    return {
        "pipelineExecutionId": execution.id,
        "status": Status.IN_PROGRESS.value,
        "type": execution.type.value,
    }


def _stage_execution(run: StageRun) -> Document:
    assert run.status is not None
    return {
        "pipelineExecutionId": run.execution.id,
        "status": run.status.value,
        "type": run.execution.type.value,
    }


def _retry_metadata(run: StageRun) -> Document | None:
    if not run.latest_retry_trigger:
        return None
    return given(
        {
            "autoStageRetryAttempt": run.auto_retries or None,
            "manualStageRetryAttempt": run.manual_retries or None,
            "latestRetryTrigger": run.latest_retry_trigger,
        }
    )


def execution(found: PipelineExecution) -> Document:
    """GetPipelineExecution."""
    assert found.status is not None
    return given(
        {
            "pipelineName": found.pipeline.name,
            "pipelineVersion": found.declaration.version,
            "pipelineExecutionId": found.id,
            "status": found.status.value,
            "statusSummary": found.status_summary,
            "artifactRevisions": [
                {
                    "name": revision.artifact_name,
                    "revisionId": revision.revision_id,
                    "revisionChangeIdentifier": revision.change_id,
                    "revisionSummary": revision.summary,
                    "created": revision.created,
                    "revisionUrl": revision.url,
                }
                for revision in found.revisions.values()
            ],
            "variables": [
                {"name": name, "resolvedValue": value} for name, value in found.variables.items()
            ],
            "trigger": _trigger(found),
            "executionMode": found.declaration.mode.value,
            "executionType": found.type.value,
            "rollbackMetadata": _rollback(found),
        }
    )


def execution_summary(found: PipelineExecution) -> Document:
    """One entry of ListPipelineExecutions."""
    assert found.status is not None
    return given(
        {
            "pipelineExecutionId": found.id,
            "status": found.status.value,
            "statusSummary": found.status_summary,
            "startTime": found.started,
            "lastUpdateTime": found.updated,
            "sourceRevisions": [
                {
                    "actionName": name,
                    "revisionId": revision.revision_id,
                    "revisionSummary": revision.summary,
                    "revisionUrl": revision.url,
                }
                for name, revision in found.revisions.items()
            ],
            "trigger": _trigger(found),
            "stopTrigger": {"reason": found.stop_reason} if found.stop_reason is not None else None,
            "executionMode": found.declaration.mode.value,
            "executionType": found.type.value,
            "rollbackMetadata": _rollback(found),
        }
    )


def _trigger(found: PipelineExecution) -> Document:
    return {"triggerType": found.trigger.type, "triggerDetail": found.trigger.detail}


def _rollback(found: PipelineExecution) -> Document | None:
    target = found.rollback_target
    return {"rollbackTargetPipelineExecutionId": target} if target else None
