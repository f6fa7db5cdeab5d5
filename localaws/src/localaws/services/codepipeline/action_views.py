"""Actions and their executions in the shapes of the API's answers."""

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
    Revision,
    Status,
)

Document = dict[str, Any]


def given(document: Document) -> Document:
    """The members of a document that have a value: AWS leaves out the others."""
    return {key: value for key, value in document.items() if value is not None}


def action_state(
    pipeline: Pipeline, stage_name: str, declaration: ActionDeclaration, region: str
) -> Document:
    """One action in GetPipelineState."""
    action = pipeline.latest_actions.get((stage_name, declaration.name))
    revision = pipeline.latest_revisions.get(declaration.name)
    page = EMULATED[declaration.type].entity_page
    return given(
        {
            "actionName": declaration.name,
            "currentRevision": _current_revision(revision) if revision else None,
            "latestExecution": action and _latest_action(action),
            "entityUrl": console.entity(region, page, declaration.configuration),
            "revisionUrl": revision and revision.url,
        }
    )


def action_execution(action: ActionExecution, region: str) -> Document:
    """One entry of ListActionExecutions."""
    declaration = action.declaration
    return given(
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
            "input": given(
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
    result = given(
        {
            "externalExecutionId": action.external_id,
            "externalExecutionSummary": action.summary or None,
            "externalExecutionUrl": action.external_url,
            "errorDetails": error_details(action.error),
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


def _current_revision(revision: Revision) -> Document:
    return {
        "revisionId": revision.revision_id,
        "revisionChangeId": revision.change_id,
        "created": revision.created,
    }


def _latest_action(action: ActionExecution) -> Document:
    parallel = action.execution.declaration.mode is Mode.PARALLEL
    # In PARALLEL mode an approval is answered with the external execution id of ListActionExecutions:
    # this answer shows one of many executions, so it must not contain the token.
    hidden = parallel and action.token is not None
    return given(
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
            "errorDetails": error_details(action.error),
        }
    )


def error_details(error: ErrorDetails | None) -> Document | None:
    """Why an action or rule failed."""
    return {"code": error.code, "message": error.message} if error else None
