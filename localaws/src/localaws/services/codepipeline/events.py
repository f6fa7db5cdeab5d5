"""State-change events (user guide: detect-state-changes-cloudwatch-events)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from localaws.services.codepipeline.models import (
    ActionExecution,
    Artifact,
    PipelineExecution,
    StageRun,
    Status,
)
from localaws.services.codepipeline.outbox import Event

SOURCE = "aws.codepipeline"

# Events have statuses in capitals, and CANCELED with one L, unlike the API.
_STATES = {status: status.upper() for status in Status} | {Status.CANCELLED: "CANCELED"}


def state_name(before: Status | None, after: Status) -> str:
    """The state in an event. After a failure or a stop it is RESUMED, not STARTED."""
    if after is Status.IN_PROGRESS:
        return "STARTED" if before is None else "RESUMED"
    return _STATES[after]


def pipeline_event(execution: PipelineExecution, state: str, arn: str) -> Event:
    """CodePipeline Pipeline Execution State Change."""
    detail = _common(execution, execution.started, state)
    if state == "STARTED":
        detail["execution-trigger"] = {
            "trigger-type": execution.trigger.type,
            "trigger-detail": execution.trigger.detail,
        }
    if state == "STOPPING" and execution.stop_reason:
        detail["stop-execution-comments"] = execution.stop_reason
    return Event("CodePipeline Pipeline Execution State Change", detail, [arn])


def stage_event(run: StageRun, state: str, arn: str, started: datetime) -> Event:
    """CodePipeline Stage Execution State Change."""
    detail = _common(run.execution, started, state)
    detail["stage"] = run.name
    return Event("CodePipeline Stage Execution State Change", detail, [arn])


def action_event(action: ActionExecution, state: str, arn: str, region: str) -> Event:
    """CodePipeline Action Execution State Change."""
    detail = _common(action.execution, action.started, state)
    kind = action.declaration.type
    detail |= {
        "stage": action.stage_name,
        "action-execution-id": action.id,
        "action": action.declaration.name,
        "region": region,
        "type": {
            "owner": kind.owner,
            "provider": kind.provider,
            "category": kind.category,
            "version": kind.version,
        },
        "input-artifacts": [_artifact(artifact) for artifact in action.inputs],
    }
    if action.status is Status.SUCCEEDED:
        detail["output-artifacts"] = [_artifact(artifact) for artifact in action.outputs]
    if not action.running:
        result = {
            "external-execution-url": action.external_url,
            "external-execution-summary": action.error.message if action.error else action.summary,
            # In PARALLEL mode this is the approval's token, which events must not contain.
            "external-execution-id": None if action.token else action.external_id,
            "error-code": action.error.code if action.error else None,
        }
        detail["execution-result"] = {k: v for k, v in result.items() if v is not None}
    return Event("CodePipeline Action Execution State Change", detail, [arn])


def _common(execution: PipelineExecution, started: datetime, state: str) -> dict[str, Any]:
    return {
        "pipeline": execution.declaration.name,
        "execution-id": execution.id,
        "start-time": started.strftime("%Y-%m-%dT%H:%M:%S.")
        + f"{started.microsecond // 1000:03d}Z",
        "state": state,
        "version": float(execution.declaration.version),
        "pipeline-execution-attempt": float(execution.attempt),
    }


def _artifact(artifact: Artifact) -> dict[str, Any]:
    return {
        "name": artifact.name,
        "s3location": {"bucket": artifact.bucket, "key": artifact.key},
    }
