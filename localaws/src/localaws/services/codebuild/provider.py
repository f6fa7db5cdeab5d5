"""The API of CodeBuild: its parts, and what they share."""

from __future__ import annotations

from typing import ClassVar

from localaws.core.context import Context
from localaws.core.provider import Provider
from localaws.services.codebuild import events
from localaws.services.codebuild.builds import Builds
from localaws.services.codebuild.lifecycle import Lifecycle
from localaws.services.codebuild.models import Build, Phase, Store
from localaws.services.codebuild.projects import Projects
from localaws.services.codebuild.repositories import SourceRepositories


class CodeBuildProvider(Provider):
    """CodeBuild in one account and region."""

    service_name: ClassVar[str] = "codebuild"

    def __init__(self, context: Context) -> None:
        store = Store()
        caches = context.work_dir / "caches"
        lifecycle = Lifecycle(store, context.clock, self._publish_state, self._publish_phase)
        repositories = SourceRepositories(context, lambda: None)
        self._builds = Builds(context, store, lifecycle, repositories, caches)
        super().__init__(context, Projects(context, store, caches), self._builds)

    def close(self) -> None:
        """End every build. Called when the server stops."""
        self._builds.close()

    def _publish_state(self, build: Build) -> None:
        events.publish_state(self.context, build)

    def _publish_phase(self, build: Build, phase: Phase) -> None:
        events.publish_phase(self.context, build, phase)
