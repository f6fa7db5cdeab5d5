"""The API of CodePipeline: its parts, and what they share."""

from __future__ import annotations

from typing import ClassVar

from localaws.core.context import Context
from localaws.core.provider import Provider
from localaws.services.codepipeline import events
from localaws.services.codepipeline.action_types import (
    CLOUDWATCH_ALARM,
    CODEBUILD_BUILD,
    CODEBUILD_TEST,
    CODECOMMIT_SOURCE,
    CONNECTION_SOURCE,
    DEPLOYMENT_WINDOW,
    ECR_SOURCE,
    LAMBDA_INVOKE,
    LAMBDA_RULE,
    MANUAL_APPROVAL,
    S3_SOURCE,
    STEP_FUNCTIONS_INVOKE,
    VARIABLE_CHECK,
)
from localaws.services.codepipeline.actions.codebuild import CodeBuildBuild
from localaws.services.codepipeline.actions.ecr_source import EcrSource
from localaws.services.codepipeline.actions.git_source import CodeCommit, Connection, GitSource
from localaws.services.codepipeline.actions.lambda_invoke import LambdaInvoke
from localaws.services.codepipeline.actions.manual_approval import ManualApproval
from localaws.services.codepipeline.actions.rules import (
    CloudWatchAlarm,
    DeploymentWindow,
    VariableCheck,
)
from localaws.services.codepipeline.actions.s3_source import S3Source
from localaws.services.codepipeline.actions.step_functions import StepFunctionsInvoke
from localaws.services.codepipeline.approvals import Approvals
from localaws.services.codepipeline.declaration import ActionTypeId
from localaws.services.codepipeline.engine import Engine
from localaws.services.codepipeline.executions import Executions
from localaws.services.codepipeline.git_events import GitEvents
from localaws.services.codepipeline.jobs import Jobs
from localaws.services.codepipeline.models import ActionExecution, Store
from localaws.services.codepipeline.outbox import Event, Outbox
from localaws.services.codepipeline.pipelines import Pipelines
from localaws.services.codepipeline.poller import SourcePoller
from localaws.services.codepipeline.runner import Handler, Runner
from localaws.services.codepipeline.stages import Stages
from localaws.services.codepipeline.statuses import StatusWriter
from localaws.services.codepipeline.tags import Tags
from localaws.services.git.connections import Connections
from localaws.services.git.repositories import Repositories


class CodePipelineProvider(Provider):
    """CodePipeline in one account and region.

    Args:
        context: its surroundings.
        continuation_seconds: from a continuation token to the next job. About 30 s on AWS.
        poll_seconds: between two checks of a source with PollForSourceChanges.
    """

    service_name: ClassVar[str] = "codepipeline"

    def __init__(
        self,
        context: Context,
        continuation_seconds: float = 2.0,
        poll_seconds: float = 60.0,
    ) -> None:
        self._store = Store()
        self._outbox = Outbox(self._publish)
        statuses = StatusWriter(
            context.clock,
            context.region,
            lambda name: context.arn("codepipeline", name),
            self._outbox.put,
        )
        engine = Engine(self._store, context.clock, statuses, self._launch, context.root_arn)
        self._jobs = Jobs(context, engine)
        repositories, connections = context.shared(Repositories), context.shared(Connections)
        codecommit = GitSource(CodeCommit(repositories))
        self._poller = SourcePoller(context, engine, codecommit, poll_seconds)
        self._git_events = GitEvents(connections, engine)
        invoke = LambdaInvoke(self._jobs, continuation_seconds)
        handlers: dict[ActionTypeId, Handler] = {
            S3_SOURCE.id: S3Source(),
            CONNECTION_SOURCE.id: GitSource(Connection(connections)),
            CODECOMMIT_SOURCE.id: codecommit,
            ECR_SOURCE.id: EcrSource(),
            CODEBUILD_BUILD.id: CodeBuildBuild(),
            CODEBUILD_TEST.id: CodeBuildBuild(),
            LAMBDA_INVOKE.id: invoke,
            STEP_FUNCTIONS_INVOKE.id: StepFunctionsInvoke(),
            MANUAL_APPROVAL.id: ManualApproval(),
            LAMBDA_RULE.id: invoke,
            VARIABLE_CHECK.id: VariableCheck(),
            CLOUDWATCH_ALARM.id: CloudWatchAlarm(),
            DEPLOYMENT_WINDOW.id: DeploymentWindow(),
        }
        self._runner = Runner(context, self._store.lock, handlers, engine.finish)
        super().__init__(
            context,
            Pipelines(context, engine, changed=self._poller.wake),
            Executions(context, engine),
            Stages(context, engine),
            Approvals(context, engine),
            self._jobs,
            Tags(context, engine),
        )
        repositories.subscribe(self._git_events.receive)

    def close(self) -> None:
        """End every thread."""
        self._git_events.close()
        self._poller.close()
        self._runner.close()
        self._outbox.close()

    def _launch(self, action: ActionExecution) -> None:
        self._runner.launch(action)

    def _publish(self, event: Event) -> None:
        self.context.publish(events.SOURCE, event.detail_type, event.detail, event.resources)
