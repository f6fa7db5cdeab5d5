"""Manual approvals: exactly one answer counts."""

from __future__ import annotations

from localaws.core.errors import AwsError
from localaws.core.provider import operation
from localaws.services.codepipeline import lookup
from localaws.services.codepipeline.models import ActionExecution, Outcome, Pipeline, Status
from localaws.services.codepipeline.resource import Params, Resource


class Approvals(Resource):
    """The operation on approvals."""

    @operation
    def put_approval_result(self, params: Params) -> Params:
        """PutApprovalResult.

        Raises:
            AwsError: InvalidApprovalTokenException, when the token belongs to no open approval of this
                action; ApprovalAlreadyCompletedException, when the approval has been answered.
        """
        pipeline = self.pipeline(params["pipelineName"])
        stage_name, action_name, token = params["stageName"], params["actionName"], params["token"]
        declared = lookup.action(pipeline, stage_name, action_name)
        if declared.type.category != "Approval":
            raise AwsError(
                "ValidationException",
                f"Action {action_name} of stage {stage_name} is of category {declared.type.category}; only"
                " an Approval takes an approval result",
            )
        where = f"approval {action_name} of stage {stage_name}"
        with self.store.lock:
            action = _find(pipeline, stage_name, action_name, token)
            if action is not None and _is_answered(action):
                raise AwsError(
                    "ApprovalAlreadyCompletedException",
                    f"The {where} has already been answered: {action.status}",
                )
            now = self.context.clock.now()
            if action is None or not action.running or (action.expires and now >= action.expires):
                raise AwsError(
                    "InvalidApprovalTokenException",
                    f"The token is not that of an open {where}: it belongs to another request, or has"
                    " expired. GetPipelineState shows the token of an open request",
                )
            result = params["result"]
            outcome = Outcome(
                rejected=result["status"] == "Rejected",
                summary=result["summary"],
                updated_by=self.engine.caller,
            )
            self.engine.finish(action, outcome)
        return {"approvedAt": now}


def _is_answered(action: ActionExecution) -> bool:
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
