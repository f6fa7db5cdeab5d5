"""Polls the sources of actions with PollForSourceChanges, which is the default."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError

from localaws.core.context import Context
from localaws.core.errors import AwsError
from localaws.services.codepipeline.action_types import CODECOMMIT_SOURCE, EMULATED
from localaws.services.codepipeline.actions.git_source import GitSource
from localaws.services.codepipeline.declaration import ActionDeclaration
from localaws.services.codepipeline.engine import Engine
from localaws.services.codepipeline.models import Pipeline, Trigger

_log = logging.getLogger(__name__)


class SourcePoller:
    """Starts an execution when a polled source action has a new version of its object or branch.

    Args:
        context: the surroundings of the service.
        engine: where executions are started.
        codecommit: finds the tips of branches in CodeCommit.
        seconds: time between two polls. There is no thread until a pipeline polls.
    """

    def __init__(
        self, context: Context, engine: Engine, codecommit: GitSource, seconds: float
    ) -> None:
        self._context = context
        self._engine = engine
        self._codecommit = codecommit
        self._seconds = seconds
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._started: dict[tuple[str, str], str] = {}
        """Pipeline and action -> the version that caused the last start."""

    def wake(self) -> None:
        """Start polling, if a pipeline asks for it and polling has not started."""
        with self._engine.store.lock:
            if self._thread is None and any(True for _ in self._polled()):
                self._thread = threading.Thread(target=self._run, name="source-poller", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Stop polling."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout=2)

    def poll(self) -> None:
        """Check every polled source once."""
        with self._engine.store.lock:
            polled = list(self._polled())
        for pipeline, action in polled:
            try:
                self._check(pipeline, action)
            except (ClientError, BotoCoreError) as error:
                # No object yet, or no permission: the source action reports it when it runs.
                _log.debug("polling for %s: %s", pipeline.name, error)
            except AwsError as error:
                _log.warning("polling for %s started nothing: %s", pipeline.name, error)

    def _run(self) -> None:
        while not self._context.clock.wait(self._stopped, self._seconds):
            self.poll()

    def _polled(self) -> Iterator[tuple[Pipeline, ActionDeclaration]]:
        for pipeline in self._engine.store.pipelines.values():
            for action in pipeline.declaration.stages[0].actions:
                polls = "PollForSourceChanges" in EMULATED[action.type].optional
                if polls and action.configuration.get("PollForSourceChanges", "true") == "true":
                    yield pipeline, action

    def _check(self, pipeline: Pipeline, action: ActionDeclaration) -> None:
        version, place = self._latest(pipeline, action)
        with self._engine.store.lock:
            taken = pipeline.latest_revisions.get(action.name)
            known = {self._started.get((pipeline.name, action.name)), taken and taken.revision_id}
            if not version or version in known:
                return
            if self._engine.store.pipelines.get(pipeline.name) is not pipeline:
                return
            self._started[pipeline.name, action.name] = version
            self._engine.start(pipeline, Trigger("PollForSourceChanges", place))

    def _latest(self, pipeline: Pipeline, action: ActionDeclaration) -> tuple[str | None, str]:
        """The newest version of an action's source, and what names the source."""
        configuration = action.configuration
        if action.type == CODECOMMIT_SOURCE.id:
            place = f"{configuration['RepositoryName']}/{configuration['BranchName']}"
            return self._codecommit.latest(action), place
        bucket, key = configuration["S3Bucket"], configuration["S3ObjectKey"]
        role = action.role_arn or pipeline.declaration.role_arn
        acting = self._context.acting(self._context.arn("codepipeline", pipeline.name))
        client = self._context.client("s3", role_arn=role, acting=acting)
        head = client.head_object(Bucket=bucket, Key=key)
        return head.get("VersionId"), f"{bucket}/{key}"
