"""Build projects."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from typing import Final

from localaws.core.context import Context
from localaws.core.provider import operation
from localaws.services.codebuild.errors import already_exists, invalid_input
from localaws.services.codebuild.models import Document, Project, Store
from localaws.services.codebuild.project_check import check_project
from localaws.services.codebuild.resource import Params, Resource, checked_tags
from localaws.services.codebuild.views import project_view
from localaws.services.trust import role_trusts

_PRINCIPAL: Final = "codebuild.amazonaws.com"
# What UpdateProject removes when it is sent empty.
_MEMBERS: Final = (
    "description", "source", "secondarySources", "sourceVersion", "secondarySourceVersions", "artifacts",
    "secondaryArtifacts", "cache", "environment", "serviceRole", "timeoutInMinutes",
    "queuedTimeoutInMinutes", "encryptionKey", "tags", "vpcConfig", "badgeEnabled", "logsConfig",
    "fileSystemLocations", "buildBatchConfig", "concurrentBuildLimit", "autoRetryLimit",
)  # fmt: skip


class Projects(Resource):
    """The operations on projects."""

    def __init__(self, context: Context, store: Store, caches: Path) -> None:
        super().__init__(context, store)
        self._caches = caches

    @operation
    def create_project(self, params: Params) -> Params:
        """CreateProject."""
        name = params["name"]
        document = self._complete(params, {"created": self.context.clock.now()})
        self._check(document)
        with self.store.lock:
            if name in self.store.projects:
                raise already_exists(f"Project already exists: {document['arn']}")
            project = Project(document, str(uuid.uuid4()))
            self.store.projects[name] = project
            return {"project": project_view(project)}

    @operation
    def update_project(self, params: Params) -> Params:
        """UpdateProject: what the request has replaces what the project has."""
        with self.store.lock:
            project = self.project(params["name"])
            before = dict(project.document)
        badge = {"badgeEnabled": False} if "badge" in before else {}
        document = self._complete({**before, **badge, **params}, {"created": before["created"]})
        self._check(document)
        with self.store.lock:
            project.document = document
            return {"project": project_view(project)}

    @operation
    def delete_project(self, params: Params) -> Params:
        """DeleteProject. As on AWS, a project that does not exist is no error, and builds go with it."""
        # Terraform passes the ARN.
        name = params["name"].removeprefix(self.context.arn("codebuild", "project/"))
        with self.store.lock:
            project = self.store.projects.pop(name, None)
            if project is None:
                return {}
            for build in [
                b for b in self.store.builds.values() if b.request.project == project.name
            ]:
                if build.complete:
                    del self.store.builds[build.id]
        shutil.rmtree(self._caches / project.uuid, ignore_errors=True)
        return {}

    @operation
    def batch_get_projects(self, params: Params) -> Params:
        """BatchGetProjects."""
        prefix = self.context.arn("codebuild", "project/")
        with self.store.lock:
            wanted = [(name, name.removeprefix(prefix)) for name in params["names"]]
            found = [self.store.projects[n] for _, n in wanted if n in self.store.projects]
            return {
                "projects": [project_view(project) for project in found],
                "projectsNotFound": [name for name, n in wanted if n not in self.store.projects],
            }

    @operation
    def list_projects(self, params: Params) -> Params:
        """ListProjects."""
        with self.store.lock:
            projects = list(self.store.projects.values())
        found, token = self.page_of_documents(projects, params, "projects")
        return {"projects": [project.name for project in found], "nextToken": token}

    @operation
    def invalidate_project_cache(self, params: Params) -> Params:
        """InvalidateProjectCache: the next build finds no cache."""
        with self.store.lock:
            project = self.project(params["projectName"])
            project.cache_generation += 1
        shutil.rmtree(self._caches / project.uuid, ignore_errors=True)
        return {}

    def _complete(self, params: Params, more: Document) -> Document:
        """A project with its defaults."""
        document: Document = {
            "cache": {"type": "NO_CACHE"},
            "timeoutInMinutes": 60,
            "queuedTimeoutInMinutes": 480,
            "encryptionKey": f"arn:{self.context.partition}:kms:{self.context.region}:"
            f"{self.context.account_id}:alias/aws/s3",
            "projectVisibility": "PRIVATE",
            "secondarySources": [],
            "secondarySourceVersions": [],
            "secondaryArtifacts": [],
            "tags": [],
        }
        document |= {name: params[name] for name in _MEMBERS if name in params}
        for name in ("source", "artifacts", "environment"):
            document[name] = dict(document[name])
        if not document.get("sourceVersion"):
            document.pop("sourceVersion", None)
        if document.get("concurrentBuildLimit") == -1:
            # How the provider of Terraform removes the limit.
            document.pop("concurrentBuildLimit")
        _add_defaults(document)
        name = params["name"]
        return {
            **document,
            "name": name,
            "arn": self.context.arn("codebuild", f"project/{name}"),
            "lastModified": self.context.clock.now(),
            **more,
        }

    def _check(self, document: Document) -> None:
        check_project(document)
        document.pop("badgeEnabled", None)
        document["badge"] = {"badgeEnabled": False}
        checked_tags(document)
        limit = document.get("concurrentBuildLimit")
        if limit is not None and limit < 1:
            raise invalid_input(f"Invalid concurrentBuildLimit: {limit}, but must be at least 1")
        role = document["serviceRole"]
        if not role_trusts(self.context, role, _PRINCIPAL, document["arn"]):
            raise invalid_input(
                "CodeBuild is not authorized to perform: sts:AssumeRole on service role. Please verify "
                "that: 1) The provided service role exists, 2) The role name is case-sensitive and matches "
                "exactly, and 3) The role has the necessary trust policy configured."
            )


def _add_defaults(document: Document) -> None:
    environment = document["environment"]
    environment.setdefault("privilegedMode", False)
    environment.setdefault("imagePullCredentialsType", "CODEBUILD")
    environment["environmentVariables"] = [
        {"type": "PLAINTEXT", **variable}
        for variable in environment.get("environmentVariables", [])
    ]
    source = document["source"]
    source.setdefault("insecureSsl", False)
    artifacts = document["artifacts"]
    if artifacts["type"] == "S3":
        artifacts.setdefault("name", document.get("name", ""))
        artifacts.setdefault("packaging", "NONE")
        artifacts.setdefault("namespaceType", "NONE")
        artifacts.setdefault("encryptionDisabled", False)
    elif artifacts["type"] == "CODEPIPELINE":
        artifacts.setdefault("packaging", "NONE")
        artifacts.setdefault("encryptionDisabled", False)
    vpc = document.get("vpcConfig")
    if vpc is not None and not vpc.get("vpcId"):
        document.pop("vpcConfig")
