"""Approval / Manual: waits for PutApprovalResult (user guide: approvals)."""

from __future__ import annotations

import json

from localaws.services.codepipeline import console
from localaws.services.codepipeline.models import Outcome
from localaws.services.codepipeline.runner import ActionRun

_MAX_SUBJECT = 100  # of SNS


class ManualApproval:
    """Notifies the topic, if there is one, and waits. The answer reaches the engine by the API."""

    def run(self, run: ActionRun) -> Outcome:
        """Wait until the action ends. It does not return: see :meth:`ActionRun.receive`."""
        if topic := run.configuration.get("NotificationArn"):
            run.client("sns").publish(
                TopicArn=topic,
                Subject=f"APPROVAL NEEDED: AWS CodePipeline {run.pipeline.name} for"
                f" action {run.action.declaration.name}"[:_MAX_SUBJECT],
                Message=json.dumps(notification(run)),
            )
        while True:
            run.receive()


def notification(run: ActionRun) -> dict[str, object]:
    """The message to the topic (user guide: approvals-json-format)."""
    action, region, name = run.action, run.context.region, run.pipeline.name
    assert action.token
    assert action.expires
    return {
        "region": region,
        "consoleLink": console.pipeline(region, name),
        "approval": {
            "pipelineName": name,
            "stageName": action.stage_name,
            "actionName": action.declaration.name,
            "token": action.token,
            "expires": action.expires.strftime("%Y-%m-%dT%H:%MZ"),
            "externalEntityLink": run.configuration.get("ExternalEntityLink"),
            "approvalReviewLink": console.approval(
                region, name, action.stage_name, action.declaration.name, action.token
            ),
            "customData": run.configuration.get("CustomData"),
        },
    }
