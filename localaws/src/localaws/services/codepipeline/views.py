"""The state in the shapes of the API's answers."""

from __future__ import annotations

from typing import Any

from localaws.services.codepipeline import console
from localaws.services.codepipeline.action_types import EMULATED
from localaws.services.codepipeline.declaration import ActionDeclaration, Mode
from localaws.services.codepipeline.models import (
    ActionExecution,
    Artifact,
    ErrorDetails,
    Pipeline,
    PipelineExecution,
    Revision,
    StageRun,
    Status,
)

Document = dict[str, Any]


def _given(document: Document) -> Document:
    return {key: value for key, value in document.items() if value is not None}


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
    return _given(
        {
            "stageName": name,
            "inboundExecution": inbound[0] if inbound else None,
            "inboundExecutions": inbound,
            "inboundTransitionState": _given(
                {
                    "enabled": disabled is None,
                    "disabledReason": disabled and disabled.reason,
                    "lastChangedBy": disabled and disabled.changed_by,
                    "lastChangedAt": disabled and disabled.changed_at,
                }
            ),
            "actionStates": [_action_state(pipeline, name, a, region) for a in actions],
            "latestExecution": run and _stage_execution(run),
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
    return _given(
        {
            "autoStageRetryAttempt": run.auto_retries or None,
            "manualStageRetryAttempt": run.manual_retries or None,
            "latestRetryTrigger": run.latest_retry_trigger,
        }
    )


def _action_state(
    pipeline: Pipeline, stage_name: str, declaration: ActionDeclaration, region: str
) -> Document:
    action = pipeline.latest_actions.get((stage_name, declaration.name))
    revision = pipeline.latest_revisions.get(declaration.name)
    page = EMULATED[declaration.type].entity_page
    return _given(
        {
            "actionName": declaration.name,
            "currentRevision": _current_revision(revision) if revision else None,
            "latestExecution": action and _latest_action(action),
            "entityUrl": console.entity(region, page, declaration.configuration),
            "revisionUrl": revision and revision.url,
        }
    )


def _current_revision(revision: Revision) -> Document:
    return {
        "revisionId": revision.revision_id,
        "revisionChangeId": revision.change_id,
        "created": revision.created,
    }


def _latest_action(action: ActionExecution) -> Document:
    parallel = action.execution.declaration.mode is Mode.PARALLEL
    # In PARALLEL mode an approval is answered with the external execution id of ListActionExecutions:
    # this answer shows one execution of many, so it must not offer its token.
    hidden = parallel and action.token is not None
    return _given(
        {
            "actionExecutionId": action.id,
            "status": action.status.value,
            "summary": action.summary or None,
            "lastStatusChange": action.updated,
            "token": action.token if action.running and not parallel else None,
            "lastUpdatedBy": action.updated_by,
            "externalExecutionId": None if hidden else action.external_id,
            "externalExecutionUrl": action.external_url,
            "percentComplete": action.percent_complete,
            "errorDetails": _error(action.error),
        }
    )


def _error(error: ErrorDetails | None) -> Document | None:
    return {"code": error.code, "message": error.message} if error else None


def execution(found: PipelineExecution) -> Document:
    """GetPipelineExecution."""
    assert found.status is not None
    return _given(
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
    """One line of ListPipelineExecutions."""
    assert found.status is not None
    return _given(
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


def action_execution(action: ActionExecution, region: str) -> Document:
    """One line of ListActionExecutions."""
    declaration = action.declaration
    return _given(
        {
            "pipelineExecutionId": action.execution.id,
            "actionExecutionId": action.id,
            "pipelineVersion": action.execution.declaration.version,
            "stageName": action.stage_name,
            "actionName": declaration.name,
            "startTime": action.started,
            "lastUpdateTime": action.updated,
            "updatedBy": action.updated_by,
            "status": action.status.value,
            "input": _given(
                {
                    "actionTypeId": action_type(declaration),
                    "configuration": dict(declaration.configuration),
                    "resolvedConfiguration": dict(action.resolved),
                    "roleArn": declaration.role_arn,
                    "region": declaration.region or region,
                    "inputArtifacts": [_artifact(artifact) for artifact in action.inputs],
                    "namespace": declaration.namespace,
                }
            ),
            "output": _output(action),
        }
    )


def _output(action: ActionExecution) -> Document:
    result = _given(
        {
            "externalExecutionId": action.external_id,
            "externalExecutionSummary": action.summary or None,
            "externalExecutionUrl": action.external_url,
            "errorDetails": _error(action.error),
        }
    )
    succeeded = action.status is Status.SUCCEEDED
    return {
        "outputArtifacts": [_artifact(a) for a in action.outputs] if succeeded else [],
        "executionResult": result,
        "outputVariables": dict(action.variables),
    }


def action_type(declaration: ActionDeclaration) -> Document:
    """An action type as the API spells it."""
    kind = declaration.type
    return {
        "category": kind.category,
        "owner": kind.owner,
        "provider": kind.provider,
        "version": kind.version,
    }


def _artifact(artifact: Artifact) -> Document:
    return {"name": artifact.name, "s3location": {"bucket": artifact.bucket, "key": artifact.key}}
