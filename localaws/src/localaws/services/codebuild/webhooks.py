"""Webhooks: events of a repository that start builds."""

from __future__ import annotations

import secrets
from typing import Any, Final

from localaws.core.context import Context
from localaws.core.errors import AwsError
from localaws.core.provider import operation
from localaws.services.codebuild import webhook_filters
from localaws.services.codebuild.builds import Builds
from localaws.services.codebuild.errors import already_exists, invalid_input, not_found, refused
from localaws.services.codebuild.models import Document, Project, Store
from localaws.services.codebuild.project_check import repository_name
from localaws.services.codebuild.repositories import SourceRepositories
from localaws.services.codebuild.resource import Params, Resource
from localaws.services.codebuild.webhook_filters import WebhookEvent
from localaws.services.git.events import Push, RepositoryEvent

_ACTIONS: Final = {
    "opened": "PULL_REQUEST_CREATED",
    "updated": "PULL_REQUEST_UPDATED",
    "closed": "PULL_REQUEST_CLOSED",
    "merged": "PULL_REQUEST_MERGED",
}
_MAX_GROUPS: Final = 5


class Webhooks(Resource):
    """The operations on webhooks, and the listener of the repositories."""

    def __init__(
        self, context: Context, store: Store, builds: Builds, repositories: SourceRepositories
    ) -> None:
        super().__init__(context, store)
        self._builds = builds
        self._repositories = repositories

    @operation
    def create_webhook(self, params: Params) -> Params:
        """CreateWebhook."""
        _check(params)
        with self.store.lock:
            project = self.project(params["projectName"])
            source = project.document["source"]
        if source["type"] != "GITHUB":
            raise invalid_input(f"Webhooks are not supported for the source type {source['type']}")
        # As on AWS, the webhook is made at the provider: this needs access to the repository.
        try:
            self._repositories(source)
        except AwsError as error:
            raise invalid_input(f"Failed to create webhook: {error.message}") from error
        with self.store.lock:
            if project.webhook:
                raise already_exists(f"Webhook already exists for project {project.name}")
            hook = secrets.randbelow(900_000_000) + 100_000_000
            project.webhook = {
                "url": f"https://api.github.com/repos/{repository_name(source)}/hooks/{hook}",
                "payloadUrl": f"https://codebuild.{self.context.region}.amazonaws.com/webhooks"
                f"?t={secrets.token_urlsafe(24)}&v=1",
                "secret": None,
                "lastModifiedSecret": self.context.clock.now(),
                "status": "ACTIVE",
                **_settings(params),
            }
            return {"webhook": project.webhook}

    @operation
    def update_webhook(self, params: Params) -> Params:
        """UpdateWebhook: the filters of the request replace those of the webhook."""
        _check(params)
        with self.store.lock:
            project = self._with_webhook(params["projectName"])
            kept = ("url", "payloadUrl", "secret", "lastModifiedSecret", "status")
            webhook = {
                name: value for name, value in (project.webhook or {}).items() if name in kept
            }
            if params.get("rotateSecret"):
                webhook["lastModifiedSecret"] = self.context.clock.now()
            project.webhook = webhook | _settings(params)
            return {"webhook": project.webhook}

    @operation
    def delete_webhook(self, params: Params) -> Params:
        """DeleteWebhook."""
        with self.store.lock:
            self._with_webhook(params["projectName"]).webhook = None
        return {}

    def on_event(self, event: RepositoryEvent) -> None:
        """Start the builds of an event."""
        happened = _webhook_event(event)
        if happened is None:
            return
        with self.store.lock:
            projects = [
                project
                for project in self.store.projects.values()
                if project.webhook
                and project.document["source"]["type"] == "GITHUB"
                and repository_name(project.document["source"]) == event.repository.name
            ]
        for project in projects:
            webhook = project.webhook or {}
            groups, branch = webhook.get("filterGroups", []), webhook.get("branchFilter")
            if webhook_filters.matches(happened, groups, branch):
                self._start(project, event, happened)

    def _start(self, project: Project, event: RepositoryEvent, happened: WebhookEvent) -> None:
        if isinstance(event, Push):
            source_version = happened.commit
            kind, _, name = event.ref.removeprefix("refs/").partition("/")
            trigger = f"{'tag' if kind == 'tags' else 'branch'}/{name}"
            more = {"CODEBUILD_WEBHOOK_PREV_COMMIT": event.before or "0" * 40}
        else:
            source_version = trigger = f"pr/{event.number}"
            more = {"CODEBUILD_WEBHOOK_BASE_REF": happened.base_ref or ""}
            if event.action == "merged":
                more["CODEBUILD_WEBHOOK_MERGE_COMMIT"] = event.base
        self._builds.start_for_event(
            project.name,
            source_version,
            "GitHub-Hookshot/localaws",
            {
                "CODEBUILD_WEBHOOK_ACTOR_ACCOUNT_ID": happened.actor,
                "CODEBUILD_WEBHOOK_EVENT": happened.kind,
                "CODEBUILD_WEBHOOK_HEAD_REF": happened.head_ref,
                "CODEBUILD_WEBHOOK_TRIGGER": trigger,
                **more,
            },
            happened.commit,
        )

    def _with_webhook(self, project_name: str) -> Project:
        project = self.project(project_name)
        if not project.webhook:
            raise not_found(f"Webhook cannot be found for project {project.name}")
        return project


def _webhook_event(event: RepositoryEvent) -> WebhookEvent | None:
    """An event of a repository in the terms of the filters; None for one that starts no build."""
    commit = event.commit if isinstance(event, Push) else event.head
    if commit is None:
        return None
    if isinstance(event, Push):
        kind, head_ref, base_ref = "PUSH", event.ref, None
    else:
        kind = _ACTIONS[event.action]
        head_ref, base_ref = (f"refs/heads/{branch}" for branch in event.branches)
    found = event.repository.resolve(commit)
    return WebhookEvent(
        kind,
        event.caller.rpartition(":")[2].rpartition("/")[2],
        head_ref,
        base_ref,
        event.changed_files,
        commit,
        found.message if found else "",
    )


def _check(params: Params) -> None:
    for name in ("manualCreation", "scopeConfiguration"):
        if params.get(name):
            raise refused(name, "Leave it out.")
    if params.get("buildType", "BUILD") != "BUILD":
        raise refused(f"the build type {params['buildType']}", "Use BUILD.")
    approval = params.get("pullRequestBuildPolicy", {}).get("requiresCommentApproval", "DISABLED")
    if approval != "DISABLED":
        raise refused("pullRequestBuildPolicy", "Use DISABLED.")
    groups, branch = params.get("filterGroups"), params.get("branchFilter")
    if groups and branch:
        raise invalid_input("Invalid webhook: use either filterGroups or branchFilter, not both")
    if len(groups or []) > _MAX_GROUPS:
        raise invalid_input(f"Invalid webhook: at most {_MAX_GROUPS} filter groups are allowed")
    webhook_filters.check(groups or [])
    if branch:
        webhook_filters.check_pattern(branch)


def _settings(params: Params) -> Document:
    settings: dict[str, Any] = {"buildType": params.get("buildType", "BUILD")}
    if params.get("branchFilter"):
        settings["branchFilter"] = params["branchFilter"]
    if params.get("filterGroups"):
        settings["filterGroups"] = [
            [{"excludeMatchedPattern": False, **item} for item in group]
            for group in params["filterGroups"]
        ]
    if "pullRequestBuildPolicy" in params:
        settings["pullRequestBuildPolicy"] = params["pullRequestBuildPolicy"]
    return settings
