"""Starts pipelines when a repository behind a connection changes."""

from __future__ import annotations

import logging
import threading
from typing import Any

from localaws.core.errors import AwsError
from localaws.services.codepipeline import triggers
from localaws.services.codepipeline.action_types import CONNECTION_SOURCE
from localaws.services.codepipeline.actions.git_source import BRANCH_OVERRIDE, COMMIT_OVERRIDE
from localaws.services.codepipeline.declaration import ActionDeclaration
from localaws.services.codepipeline.engine import Engine
from localaws.services.codepipeline.git_access import Git
from localaws.services.codepipeline.models import Pipeline, Trigger
from localaws.services.codepipeline.triggers import SourceChange

_log = logging.getLogger(__name__)


class GitEvents:
    """Listens to pushes and pull requests, once a pipeline has a connection as its source.

    CodeCommit is not its business: there, an EventBridge rule or polling starts a pipeline, as on AWS.

    Args:
        git: where the events come from.
        engine: where executions are started.
    """

    def __init__(self, git: Git, engine: Engine) -> None:
        self._git = git
        self._engine = engine
        self._lock = threading.Lock()
        self._listening = False
        self._closed = False

    def close(self) -> None:
        """Start nothing any more. The repositories outlive this service."""
        self._closed = True

    def wake(self) -> None:
        """Start listening, if a pipeline has a connection as its source and listening has not started."""
        with self._engine.store.lock:
            wanted = any(_sources(p) for p in self._engine.store.pipelines.values())
        with self._lock:
            if wanted and not self._listening:
                self._listening = True
                self._git.subscribe(self.receive)

    def receive(self, event: Any) -> None:
        """Start the pipelines that wait for an event: a push, or a change of a pull request."""
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
        self, pipeline: Pipeline, action: ActionDeclaration, change: SourceChange, event: Any
    ) -> None:
        configuration = action.configuration
        repository = self._git.connected(
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


def _change(pipeline: Pipeline, action: ActionDeclaration, event: Any) -> SourceChange | None:
    configuration = action.configuration
    if event.repository.name != configuration["FullRepositoryId"]:
        return None
    trigger = pipeline.declaration.triggers.get(action.name)
    if trigger is None and configuration.get("DetectChanges", "true") == "false":
        return None
    if hasattr(event, "ref"):
        return triggers.push_change(trigger, configuration["BranchName"], event)
    return triggers.pull_request_change(trigger, event)
