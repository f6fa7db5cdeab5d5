"""Starts pipelines when a repository behind a connection changes."""

from __future__ import annotations

import logging

from localaws.core.errors import AwsError
from localaws.services.codepipeline import triggers
from localaws.services.codepipeline.action_types import CONNECTION_SOURCE
from localaws.services.codepipeline.actions.git_source import BRANCH_OVERRIDE, COMMIT_OVERRIDE
from localaws.services.codepipeline.declaration import ActionDeclaration
from localaws.services.codepipeline.engine import Engine
from localaws.services.codepipeline.models import Pipeline, Trigger
from localaws.services.codepipeline.triggers import SourceChange
from localaws.services.git.connections import Connections
from localaws.services.git.events import Push, RepositoryEvent

_log = logging.getLogger(__name__)


class GitEvents:
    """A listener of the repositories, for the pipelines that have a connection as their source.

    CodeCommit is not its business: there, an EventBridge rule or polling starts a pipeline, as on AWS.

    Args:
        connections: which repositories are behind which connection.
        engine: where executions are started.
    """

    def __init__(self, connections: Connections, engine: Engine) -> None:
        self._connections = connections
        self._engine = engine
        self._closed = False

    def close(self) -> None:
        """Start nothing any more. The repositories outlive this service."""
        self._closed = True

    def receive(self, event: RepositoryEvent) -> None:
        """Start the pipelines that wait for an event."""
        with self._engine.store.lock:
            pipelines = [] if self._closed else list(self._engine.store.pipelines.values())
            started = [
                (pipeline, action, change)
                for pipeline in pipelines
                for action in _sources(pipeline)
                if (change := _change(pipeline, action, event))
            ]
        for pipeline, action, change in started:
            try:
                self._start(pipeline, action, change, event)
            except AwsError as error:
                _log.warning("an event of %s started nothing: %s", event.repository.name, error)

    def _start(
        self,
        pipeline: Pipeline,
        action: ActionDeclaration,
        change: SourceChange,
        event: RepositoryEvent,
    ) -> None:
        configuration = action.configuration
        repository = self._connections.repository(
            configuration["ConnectionArn"], configuration["FullRepositoryId"]
        )
        if repository is not event.repository:
            return  # of the same name, behind another connection
        overrides = {
            action.name: {COMMIT_OVERRIDE: change.commit_id, BRANCH_OVERRIDE: change.branch}
        }
        with self._engine.store.lock:
            if self._engine.store.pipelines.get(pipeline.name) is pipeline:
                trigger = Trigger("WebhookV2", configuration["ConnectionArn"])
                self._engine.start(pipeline, trigger, source_overrides=overrides)


def _sources(pipeline: Pipeline) -> list[ActionDeclaration]:
    first = pipeline.declaration.stages[0]
    return [action for action in first.actions if action.type == CONNECTION_SOURCE.id]


def _change(
    pipeline: Pipeline, action: ActionDeclaration, event: RepositoryEvent
) -> SourceChange | None:
    configuration = action.configuration
    if event.repository.name != configuration["FullRepositoryId"]:
        return None
    trigger = pipeline.declaration.triggers.get(action.name)
    if trigger is None and configuration.get("DetectChanges", "true") == "false":
        return None
    if isinstance(event, Push):
        return triggers.push_change(trigger, configuration["BranchName"], event)
    return triggers.pull_request_change(trigger, event)
