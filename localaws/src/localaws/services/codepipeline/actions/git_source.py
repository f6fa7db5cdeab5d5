"""Source / CodeStarSourceConnection and CodeCommit: fetches a commit of a Git repository.

User guide: action-reference-CodestarConnectionSource, action-reference-CodeCommit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Protocol

from localaws.core.errors import AwsError
from localaws.services.codepipeline import artifacts, console
from localaws.services.codepipeline.declaration import ActionDeclaration
from localaws.services.codepipeline.models import Outcome, Revision
from localaws.services.codepipeline.runner import ActionFailedError, ActionRun
from localaws.services.git.connections import Connections
from localaws.services.git.repositories import Repositories
from localaws.services.git.repository import Commit, Repository

CLONE_REFERENCE: Final = "codebuild_clone_ref.json"
COMMIT_OVERRIDE: Final = "COMMIT_ID"
BRANCH_OVERRIDE: Final = "BRANCH"
"""The key of the branch that an event names, in the source overrides of an execution."""
_MAX_SUMMARY: Final = 2048


class GitProvider(Protocol):
    """What differs between a connection and CodeCommit."""

    def repository(self, configuration: Mapping[str, str]) -> Repository:
        """The repository of an action.

        Raises:
            AwsError: there is none.
        """
        ...

    def summary(self, commit: Commit) -> str:
        """The summary of a revision."""
        ...

    def url(self, configuration: Mapping[str, str], region: str, commit_id: str) -> str:
        """The page of a commit."""
        ...

    def identity(self, configuration: Mapping[str, str]) -> dict[str, str]:
        """The members of a clone reference that name the repository."""
        ...

    def variables(self, configuration: Mapping[str, str], commit: Commit) -> dict[str, str]:
        """The output variables besides those that every provider has."""
        ...


class Connection:
    """A repository behind a connection."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def repository(self, configuration: Mapping[str, str]) -> Repository:
        """See :meth:`GitProvider.repository`."""
        return self._connections.repository(
            configuration["ConnectionArn"], configuration["FullRepositoryId"]
        )

    def summary(self, commit: Commit) -> str:
        """As on AWS, a JSON document."""
        message = commit.message.strip()
        text = json.dumps({"ProviderType": "GitHub", "CommitMessage": message})
        while len(text) > _MAX_SUMMARY:
            message = message[: len(message) - (len(text) - _MAX_SUMMARY)]
            text = json.dumps({"ProviderType": "GitHub", "CommitMessage": message})
        return text

    def url(self, configuration: Mapping[str, str], region: str, commit_id: str) -> str:
        """See :meth:`GitProvider.url`."""
        return console.connection_commit(
            region, configuration["ConnectionArn"], configuration["FullRepositoryId"], commit_id
        )

    def identity(self, configuration: Mapping[str, str]) -> dict[str, str]:
        """See :meth:`GitProvider.identity`."""
        return {
            "connectionArn": configuration["ConnectionArn"],
            "fullRepositoryId": configuration["FullRepositoryId"],
        }

    def variables(self, configuration: Mapping[str, str], commit: Commit) -> dict[str, str]:
        """See :meth:`GitProvider.variables`."""
        return {
            "AuthorDisplayName": commit.authored.name,
            "AuthorEmail": commit.authored.email,
            "AuthorId": commit.authored.email,
            "ConnectionArn": configuration["ConnectionArn"],
            "FullRepositoryName": configuration["FullRepositoryId"],
            "ProviderType": "GitHub",
        }


class CodeCommit:
    """A repository of CodeCommit."""

    def __init__(self, repositories: Repositories) -> None:
        self._repositories = repositories

    def repository(self, configuration: Mapping[str, str]) -> Repository:
        """See :meth:`GitProvider.repository`."""
        found = self._repositories.find(configuration["RepositoryName"])
        if found is None:
            raise AwsError(
                "RepositoryDoesNotExistException",
                f"{configuration['RepositoryName']} does not exist",
            )
        return found

    def summary(self, commit: Commit) -> str:
        """The message of the commit."""
        return commit.message.strip()[:_MAX_SUMMARY]

    def url(self, configuration: Mapping[str, str], region: str, commit_id: str) -> str:
        """See :meth:`GitProvider.url`."""
        return console.codecommit_commit(region, configuration["RepositoryName"], commit_id)

    def identity(self, configuration: Mapping[str, str]) -> dict[str, str]:
        """See :meth:`GitProvider.identity`."""
        return {"repositoryName": configuration["RepositoryName"]}

    def variables(self, configuration: Mapping[str, str], commit: Commit) -> dict[str, str]:
        """See :meth:`GitProvider.variables`."""
        return {
            "CommitterDate": _timestamp(commit.committed.date),
            "RepositoryName": configuration["RepositoryName"],
        }


class GitSource:
    """Puts the files of a commit, or a reference to it, into the artifact store.

    Args:
        provider: where the repository is.
    """

    def __init__(self, provider: GitProvider) -> None:
        self._provider = provider

    def run(self, run: ActionRun) -> Outcome:
        """Fetch the commit that the execution was started with, else the tip of the branch."""
        overrides = run.action.execution.source_overrides.get(run.action.declaration.name, {})
        configuration = run.configuration
        branch = overrides.get(BRANCH_OVERRIDE, configuration["BranchName"])
        repository = self._repository(configuration)
        commit = _commit(repository, branch, overrides.get(COMMIT_OVERRIDE))
        output = run.action.outputs[0]
        run.store_client().put_object(
            Bucket=output.bucket,
            Key=output.key,
            Body=self._content(configuration, repository, branch, commit.id),
            **run.encryption(),
        )
        summary = self._provider.summary(commit)
        url = self._provider.url(configuration, run.context.region, commit.id)
        run.progress(external_id=commit.id, external_url=url)
        return Outcome(
            summary=summary or None,
            variables={
                "AuthorDate": _timestamp(commit.authored.date),
                "BranchName": branch,
                "CommitId": commit.id,
                "CommitMessage": commit.message.strip(),
            }
            | self._provider.variables(configuration, commit),
            revision=Revision(
                artifact_name=output.name,
                revision_id=commit.id,
                change_id=commit.id,
                summary=summary or commit.id,
                created=commit.committed.date,
                url=url,
            ),
        )

    def latest(self, action: ActionDeclaration) -> str | None:
        """The commit at the tip of an action's branch, for polling."""
        repository = self._provider.repository(action.configuration)
        commit = repository.resolve(f"refs/heads/{action.configuration['BranchName']}")
        return commit.id if commit else None

    def _repository(self, configuration: Mapping[str, str]) -> Repository:
        try:
            return self._provider.repository(configuration)
        except AwsError as error:
            denied = "AccessDenied" in error.code
            raise ActionFailedError(
                "PermissionError" if denied else "ConfigurationError", error.message
            ) from error

    def _content(
        self, configuration: Mapping[str, str], repository: Repository, branch: str, commit_id: str
    ) -> bytes:
        if configuration.get("OutputArtifactFormat", "CODE_ZIP") == "CODE_ZIP":
            return repository.archive(commit_id)
        reference = self._provider.identity(configuration)
        reference |= {"branchName": branch, "commitId": commit_id}
        return artifacts.make_zip(CLONE_REFERENCE, json.dumps(reference).encode())


def _commit(repository: Repository, branch: str, commit_id: str | None) -> Commit:
    commit = repository.resolve(commit_id or f"refs/heads/{branch}")
    if commit is None and commit_id:
        raise ActionFailedError(
            "ConfigurationError", f"Repository {repository.name} has no commit {commit_id}"
        )
    if commit is None:
        raise ActionFailedError(
            "ConfigurationError",
            f"[{repository.name}] No Branch [{branch}] found for repository [{repository.name}]",
        )
    return commit


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
