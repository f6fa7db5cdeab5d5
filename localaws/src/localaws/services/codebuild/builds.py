"""Builds: start, stop, retry, look up, list and delete."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterable
from pathlib import Path

from localaws.core.call import current_call
from localaws.core.context import Context
from localaws.core.errors import AwsError
from localaws.core.provider import operation
from localaws.services.codebuild import models
from localaws.services.codebuild.build_request import resolve
from localaws.services.codebuild.errors import invalid_input, limit_exceeded, not_found
from localaws.services.codebuild.lifecycle import Lifecycle
from localaws.services.codebuild.models import Build, BuildRequest, Project, Store
from localaws.services.codebuild.reports import Reports
from localaws.services.codebuild.resource import Params, Resource
from localaws.services.codebuild.run import BuildRun, Surroundings
from localaws.services.codebuild.scheduler import Scheduler
from localaws.services.codebuild.sources import FindRepository
from localaws.services.codebuild.views import build_view

INITIATOR_HEADER = "x-localaws-initiator"
"""Names the pipeline whose action starts a build: ``codepipeline/<pipeline>``."""
# The quota of an account for small instances; more builds wait in the queue, five times as many at most.
_CONCURRENT_BUILDS = 20
_QUEUED_BUILDS = 5 * _CONCURRENT_BUILDS


class Builds(Resource):
    """The operations on builds."""

    def __init__(
        self,
        context: Context,
        store: Store,
        lifecycle: Lifecycle,
        find_repository: FindRepository,
        reports: Reports,
        caches: Path,
    ) -> None:
        super().__init__(context, store)
        self._lifecycle = lifecycle
        self._reports = reports
        self._find_repository = find_repository
        self._caches = caches
        self._scheduler = Scheduler(
            context.clock,
            lifecycle,
            self._create_run,
            self._retry_automatically,
            _CONCURRENT_BUILDS,
        )

    def close(self) -> None:
        """Stop every build."""
        self._scheduler.close()

    @operation
    def start_build(self, params: Params) -> Params:
        """StartBuild."""
        call = current_call()
        initiator = call.headers.get(INITIATOR_HEADER, "") if call else ""
        with self.store.lock:
            known = self._known(params)
            if known:
                return {"build": build_view(self.context, known)}
            project = self.project(params["projectName"])
            request = resolve(project.document, params, initiator or "root")
            build = self._add(project, request)
            if params.get("idempotencyToken"):
                self.store.idempotent[params["idempotencyToken"]] = (params, build.id)
            view = build_view(self.context, build)
        self._scheduler.start(build)
        return {"build": view}

    def start_for_event(
        self,
        project_name: str,
        source_version: str,
        initiator: str,
        webhook: dict[str, str],
        commit: str,
    ) -> None:
        """Start a build for a webhook event."""
        with self.store.lock:
            project = self.project(project_name)
            params = {"sourceVersion": source_version}
            request = resolve(project.document, params, initiator, webhook, commit)
            build = self._add(project, request)
        self._scheduler.start(build)

    @operation
    def retry_build(self, params: Params) -> Params:
        """RetryBuild: a new build with the settings of another one."""
        with self.store.lock:
            known = self._known(params)
            if known:
                return {"build": build_view(self.context, known)}
            build = self._build(params.get("id", ""))
            if not build.complete:
                raise invalid_input(f"Build {build.id} is in progress: it cannot be retried")
            if build.request.in_pipeline:
                raise invalid_input(
                    f"Build {build.id} was started by CodePipeline: retry the stage of the pipeline"
                )
            retry = self._add(self.project(build.request.project), build.request)
            if params.get("idempotencyToken"):
                self.store.idempotent[params["idempotencyToken"]] = (params, retry.id)
            view = build_view(self.context, retry)
        self._scheduler.start(retry)
        return {"build": view}

    @operation
    def stop_build(self, params: Params) -> Params:
        """StopBuild. A build that has ended stays as it is."""
        with self.store.lock:
            build = self._build(params["id"])
        if not build.complete:
            self._scheduler.stop(build)
        with self.store.lock:
            return {"build": build_view(self.context, build)}

    @operation
    def batch_get_builds(self, params: Params) -> Params:
        """BatchGetBuilds."""
        with self.store.lock:
            ids = [self._short(build_id) for build_id in params["ids"]]
            found = [self.store.builds[i] for i in ids if i in self.store.builds]
            return {
                "builds": [build_view(self.context, build) for build in found],
                "buildsNotFound": [
                    i for i in params["ids"] if self._short(i) not in self.store.builds
                ],
            }

    @operation
    def list_builds(self, params: Params) -> Params:
        """ListBuilds, the newest first."""
        with self.store.lock:
            return self._ids(self.store.builds.values(), params, "builds")

    @operation
    def list_builds_for_project(self, params: Params) -> Params:
        """ListBuildsForProject, the newest first."""
        with self.store.lock:
            name = self.project(params["projectName"]).name
            of_project = [b for b in self.store.builds.values() if b.request.project == name]
            return self._ids(of_project, params, ["builds", name])

    @operation
    def batch_delete_builds(self, params: Params) -> Params:
        """BatchDeleteBuilds."""
        deleted, kept = [], []
        with self.store.lock:
            for build_id in params["ids"]:
                build = self.store.builds.get(self._short(build_id))
                if build is None:
                    kept.append({"id": build_id, "statusCode": "BUILD_NOT_FOUND"})
                elif not build.complete:
                    kept.append({"id": build_id, "statusCode": "BUILD_IN_PROGRESS"})
                else:
                    del self.store.builds[build.id]
                    deleted.append(build.arn)
        return {"buildsDeleted": deleted, "buildsNotDeleted": kept}

    def _ids(self, builds: Iterable[Build], params: Params, listing: object) -> Params:
        found, token = self.page(
            builds, lambda b: (b.start.timestamp(), b.id), params, listing, descending=True
        )
        return {"ids": [build.id for build in found], "nextToken": token}

    def _known(self, params: Params) -> Build | None:
        """The build of a request that was sent before with the same token."""
        before = self.store.idempotent.get(params.get("idempotencyToken", ""))
        if before is None:
            return None
        if before[0] != params:
            raise invalid_input("The request has the idempotency token of another request")
        return self.store.builds.get(before[1])

    def _add(self, project: Project, request: BuildRequest, previous: Build | None = None) -> Build:
        running = [b for b in self.store.builds.values() if not b.complete]
        limit = request.concurrent_limit
        of_project = sum(b.request.project == project.name for b in running)
        if limit is not None and of_project >= limit:
            raise limit_exceeded(
                f"Cannot have more than {limit} builds in progress for the project {project.name}"
            )
        if len(running) >= _CONCURRENT_BUILDS + _QUEUED_BUILDS:
            raise limit_exceeded(
                f"Cannot have more than {_QUEUED_BUILDS} builds in queue for the account"
            )
        project.builds += 1
        build_id = f"{project.name}:{uuid.uuid4()}"
        build = Build(
            id=build_id,
            arn=self.context.arn("codebuild", f"build/{build_id}"),
            number=project.builds,
            request=request,
            start=self.context.clock.now(),
        )
        if previous:
            build.retry_number = previous.retry_number + 1
            build.previous_retry = previous.arn
            previous.next_retry = build.arn
        self.store.builds[build_id] = build
        return build

    def _retry_automatically(self, build: Build, retries: int) -> None:
        """Retry a failed build as often as its project or its build specification says."""
        limit = max(build.request.auto_retry_limit, 0 if build.request.in_pipeline else retries)
        if build.status != models.FAILED or build.retry_number >= limit:
            return
        with self.store.lock:
            project = self.store.projects.get(build.request.project)
            if project is None:
                return
            try:
                request = dataclasses.replace(build.request, auto_retry_limit=limit)
                retry = self._add(project, request, build)
            except AwsError:
                return
        self._scheduler.start(retry)

    def _create_run(self, build: Build) -> BuildRun:
        with self.store.lock:
            project = self.store.projects.get(build.request.project)
            project_uuid = project.uuid if project else build.uuid
            generation = project.cache_generation if project else 0
        surroundings = Surroundings(
            self.context,
            self._lifecycle,
            self._find_repository,
            self._reports,
            project_uuid,
            self._caches / project_uuid,
            f"{project_uuid}-{generation}",
        )
        return BuildRun(surroundings, build)

    def _short(self, build_id: str) -> str:
        return build_id.removeprefix(self.context.arn("codebuild", "build/"))

    def _build(self, build_id: str) -> Build:
        found = self.store.builds.get(self._short(build_id))
        if found is None:
            raise not_found(f"Build cannot be found: {build_id}")
        return found
