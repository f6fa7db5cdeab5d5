"""The API of CodeBuild: its parts, and what they share."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from localaws.core.context import Context
from localaws.core.provider import Provider
from localaws.services.codebuild import events
from localaws.services.codebuild.account import Account
from localaws.services.codebuild.builds import Builds
from localaws.services.codebuild.lifecycle import Lifecycle
from localaws.services.codebuild.models import Build, Phase, Store
from localaws.services.codebuild.projects import Projects
from localaws.services.codebuild.report_groups import ReportGroups
from localaws.services.codebuild.reports import Reports
from localaws.services.codebuild.repositories import SourceRepositories
from localaws.services.codebuild.source_credentials import SourceCredentials, default_connection
from localaws.services.codebuild.webhooks import Webhooks
from localaws.services.git.repositories import Repositories


class CodeBuildProvider(Provider):
    """CodeBuild in one account and region."""

    service_name: ClassVar[str] = "codebuild"

    def __init__(self, context: Context) -> None:
        store = Store()
        caches = context.work_dir / "caches"
        lifecycle = Lifecycle(store, context.clock, self._publish_state, self._publish_phase)
        repositories = SourceRepositories(context, partial(default_connection, store))
        reports = Reports(context, store)
        self._builds = Builds(context, store, lifecycle, repositories, reports, caches)
        webhooks = Webhooks(context, store, self._builds, repositories)
        super().__init__(
            context,
            Projects(context, store, caches),
            self._builds,
            webhooks,
            ReportGroups(context, store),
            reports,
            SourceCredentials(context, store),
            Account(context, store),
        )
        context.shared(Repositories).subscribe(webhooks.on_event)

    def close(self) -> None:
        """End every build. Called when the server stops."""
        self._builds.close()

    def _publish_state(self, build: Build) -> None:
        events.publish_state(self.context, build)

    def _publish_phase(self, build: Build, phase: Phase) -> None:
        events.publish_phase(self.context, build, phase)
