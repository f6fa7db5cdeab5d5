"""PutApprovalResult: exactly one answer wins."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from localaws.core.clock import Clock
from localaws.core.errors import AwsError
from localaws.services.codepipeline import lookup
from localaws.services.codepipeline.engine import Engine
from localaws.services.codepipeline.models import ActionExecution, Outcome, Pipeline, Status


def answer(engine: Engine, pipeline: Pipeline, params: dict[str, Any], clock: Clock) -> datetime:
    """Take the answer to an approval; return when it was given.

    Raises:
        AwsError: InvalidApprovalTokenException, when the token belongs to no approval that waits there;
            ApprovalAlreadyCompletedException, when that approval has its answer.
    """
    stage_name, action_name, token = params["stageName"], params["actionName"], params["token"]
    declared = lookup.action(pipeline, stage_name, action_name)
    if declared.type.category != "Approval":
        raise AwsError(
            "ValidationException",
            f"Action {action_name} of stage {stage_name} is of category {declared.type.category}; only an"
            " Approval takes an approval result",
        )
    with engine.store.lock:
        action = _find(pipeline, stage_name, action_name, token)
        where = f"approval {action_name} of stage {stage_name}"
        if action is not None and _answered(action):
            raise AwsError(
                "ApprovalAlreadyCompletedException",
                f"The {where} has already been answered: {action.status}",
            )
        now = clock.now()
        if action is None or not action.running or (action.expires and now >= action.expires):
            raise AwsError(
                "InvalidApprovalTokenException",
                f"The token is not that of an open {where}: it belongs to another request, or has expired."
                " GetPipelineState shows the token of an open request",
            )
        result = params["result"]
        outcome = Outcome(
            rejected=result["status"] == "Rejected",
            summary=result["summary"],
            updated_by=engine.caller,
        )
        engine.finish(action, outcome)
        return now


def _answered(action: ActionExecution) -> bool:
    # A timeout leaves an error; an answer does not.
    return action.status in {Status.SUCCEEDED, Status.FAILED} and action.error is None


def _find(
    pipeline: Pipeline, stage_name: str, action_name: str, token: str
) -> ActionExecution | None:
    latest = pipeline.latest_actions.get((stage_name, action_name))
    candidates = [latest] if latest else []
    for execution in pipeline.unfinished.values():  # several can wait in PARALLEL mode
        run = execution.stages.get(stage_name)
        if run and action_name in run.current:
            candidates.append(run.current[action_name])
    return next((action for action in candidates if action.token == token), None)
