"""Repositories and their tags."""

from __future__ import annotations

from typing import Any, Final

from localaws.core.errors import AwsError
from localaws.core.provider import operation
from localaws.services.codecommit.records import RepositoryRecord
from localaws.services.codecommit.resource import Params, Resource
from localaws.services.git.repositories import (
    create_codecommit,
    delete_codecommit,
    rename_codecommit,
)

_MAX_TAGS: Final = 50
_MAX_NAMES: Final = 100


class RepositoryMetadata(Resource):
    """The operations on repositories and their tags."""

    @operation
    def create_repository(self, params: Params) -> Params:
        """CreateRepository. The repository is empty and has no default branch."""
        name = params["repositoryName"]
        if name.endswith(".git"):
            raise AwsError(
                "InvalidRepositoryNameException", "Repository names cannot end with .git"
            )
        tags = _checked(params.get("tags", {}), {})
        with self.records.lock:
            if name in self.records.by_name:
                raise AwsError(
                    "RepositoryNameExistsException", f"Repository named {name} already exists"
                )
            now = self.context.clock.now()
            record = RepositoryRecord(
                repository=create_codecommit(self.context, name),
                created=now,
                modified=now,
                description=params.get("repositoryDescription"),
                kms_key_id=params.get("kmsKeyId"),
                tags=tags,
            )
            self.records.by_name[name] = record
        return {"repositoryMetadata": self._view(record)}

    @operation
    def get_repository(self, params: Params) -> Params:
        """GetRepository."""
        return {"repositoryMetadata": self._view(self.record(params["repositoryName"]))}

    @operation
    def batch_get_repositories(self, params: Params) -> Params:
        """BatchGetRepositories."""
        names = params["repositoryNames"]
        if len(names) > _MAX_NAMES:
            raise AwsError(
                "MaximumRepositoryNamesExceededException",
                f"At most {_MAX_NAMES} repository names are allowed, found {len(names)}",
            )
        with self.records.lock:
            found = [self.records.by_name.get(name) for name in names]
        missing = [name for name, record in zip(names, found, strict=True) if record is None]
        return {
            "repositories": [self._view(record) for record in found if record],
            "repositoriesNotFound": missing,
        }

    @operation
    def list_repositories(self, params: Params) -> Params:
        """ListRepositories, by name or by date of the last change."""
        by_date = params.get("sortBy") == "lastModifiedDate"
        descending = params.get("order") == "descending"
        with self.records.lock:
            records = list(self.records.by_name.values())
        found, token = self.page(
            records,
            lambda record: (record.modified.timestamp() if by_date else 0, record.name),
            ["ListRepositories", by_date, descending],
            params.get("nextToken"),
            descending=descending,
        )
        pairs = [{"repositoryName": record.name, "repositoryId": record.id} for record in found]
        return {"repositories": pairs, "nextToken": token}

    @operation
    def delete_repository(self, params: Params) -> Params:
        """DeleteRepository. Without a repository of this name it does nothing."""
        with self.records.lock:
            record = self.records.by_name.pop(params["repositoryName"], None)
        if record is None:
            return {}
        delete_codecommit(self.context, record.name)
        return {"repositoryId": record.id}

    @operation
    def update_repository_name(self, params: Params) -> None:
        """UpdateRepositoryName."""
        old, new = params["oldName"], params["newName"]
        with self.records.lock:
            record = self.record(old)
            if new in self.records.by_name:
                raise AwsError(
                    "RepositoryNameExistsException", f"Repository named {new} already exists"
                )
            rename_codecommit(self.context, old, new)
            self.records.by_name[new] = self.records.by_name.pop(old)
            self._touch(record)

    @operation
    def update_repository_description(self, params: Params) -> None:
        """UpdateRepositoryDescription. Without a description it is removed."""
        with self.records.lock:
            record = self.record(params["repositoryName"])
            record.description = params.get("repositoryDescription") or None
            self._touch(record)

    @operation
    def update_repository_encryption_key(self, params: Params) -> Params:
        """UpdateRepositoryEncryptionKey. The key is recorded; nothing is encrypted."""
        with self.records.lock:
            record = self.record(params["repositoryName"])
            original, record.kms_key_id = record.kms_key_id, params["kmsKeyId"]
            self._touch(record)
        return {
            "repositoryId": record.id,
            "kmsKeyId": record.kms_key_id,
            "originalKmsKeyId": original,
        }

    @operation
    def tag_resource(self, params: Params) -> None:
        """TagResource."""
        with self.records.lock:
            record = self._by_arn(params["resourceArn"])
            record.tags = _checked(params["tags"], record.tags)

    @operation
    def untag_resource(self, params: Params) -> None:
        """UntagResource."""
        removed = set(params["tagKeys"])
        with self.records.lock:
            record = self._by_arn(params["resourceArn"])
            record.tags = {k: v for k, v in record.tags.items() if k not in removed}

    @operation
    def list_tags_for_resource(self, params: Params) -> Params:
        """ListTagsForResource."""
        return {"tags": dict(self._by_arn(params["resourceArn"]).tags)}

    def _touch(self, record: RepositoryRecord) -> None:
        record.modified = self.context.clock.now()

    def _by_arn(self, arn: str) -> RepositoryRecord:
        prefix = self.context.arn("codecommit", "")
        name = arn.removeprefix(prefix)
        if name == arn:
            raise AwsError(
                "InvalidResourceArnException",
                f"{arn} is not the ARN of a repository here: {prefix}<name>",
            )
        return self.record(name)

    def _view(self, record: RepositoryRecord) -> dict[str, Any]:
        region = self.context.region
        return {
            "accountId": self.context.account_id,
            "repositoryId": record.id,
            "repositoryName": record.name,
            "repositoryDescription": record.description,
            "defaultBranch": record.repository.default_branch,
            "lastModifiedDate": record.modified,
            "creationDate": record.created,
            "cloneUrlHttp": record.repository.clone_url,
            "cloneUrlSsh": f"ssh://git-codecommit.{region}.amazonaws.com/v1/repos/{record.name}",
            "Arn": self.arn(record),
            "kmsKeyId": record.kms_key_id,
        }


def _checked(tags: dict[str, str], present: dict[str, str]) -> dict[str, str]:
    for key in tags:
        if key.lower().startswith("aws:"):
            raise AwsError(
                "InvalidSystemTagUsageException",
                f"Tag keys that start with 'aws:' are reserved for AWS: {key!r}",
            )
    together = present | tags
    if len(together) > _MAX_TAGS:
        raise AwsError("TooManyTagsException", f"A repository has at most {_MAX_TAGS} tags")
    return together
