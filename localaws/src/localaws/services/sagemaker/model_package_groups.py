"""Groups of model packages: the versions of one model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from localaws.core.errors import AwsError
from localaws.core.provider import operation
from localaws.services.sagemaker import errors
from localaws.services.sagemaker.listing import list_page
from localaws.services.sagemaker.store import Record, Store, Table, tag_map


@dataclass
class GroupRecord(Record):
    """A group and the number of its latest version, which never decreases."""

    last_version: int = 0


class ModelPackageGroups:
    """CreateModelPackageGroup and its siblings."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._table: Table[GroupRecord] = store.table("model-package-group")

    @operation
    def create_model_package_group(self, params: dict[str, Any]) -> dict[str, Any]:
        """A new, empty group."""
        name = params["ModelPackageGroupName"]
        arn = self._table.arn(name)
        if params.get("ManagedConfiguration"):
            raise errors.feature_not_emulated(
                "CreateModelPackageGroup", "ManagedConfiguration",
                params["ManagedConfiguration"], "Leave it out.",
            )  # fmt: skip
        with self._store.lock:
            if self._table.get(name):
                raise errors.validation(f"Model Package Group already exists: {arn}")
            now = self._store.now()
            self._table.put(GroupRecord(name, arn, params, now, now, tag_map(params.get("Tags"))))
        return {"ModelPackageGroupArn": arn}

    @operation
    def describe_model_package_group(self, params: dict[str, Any]) -> dict[str, Any]:
        """One group."""
        return {**_summary(self.find(params["ModelPackageGroupName"])), "CreatedBy": {}}

    @operation
    def list_model_package_groups(self, params: dict[str, Any]) -> dict[str, Any]:
        """Summaries, oldest first."""
        page, token = list_page("ListModelPackageGroups", self._table.all(), params)
        return {
            "ModelPackageGroupSummaryList": [_summary(group) for group in page],
            "NextToken": token,
        }

    @operation
    def delete_model_package_group(self, params: dict[str, Any]) -> dict[str, Any]:
        """Forget a group, which must be empty."""
        group = self.find(params["ModelPackageGroupName"])
        with self._store.lock:
            packages = self._store.table("model-package").all()
            if any(package.group == group.name for package in packages):
                raise AwsError(
                    "ConflictException",
                    f"Model Package Group {group.arn} cannot be deleted as it still contains Model Packages.",
                )
            self._table.remove(group.name)
        return {}

    def find(self, name_or_arn: str) -> GroupRecord:
        """A group by its name or ARN.

        Raises:
            AwsError: it does not exist.
        """
        name = name_or_arn.rpartition("/")[2]
        group = self._table.get(name)
        if group is None:
            raise errors.validation(f"ModelPackageGroup {self._table.arn(name)} does not exist.")
        return group


def _summary(group: GroupRecord) -> dict[str, Any]:
    return {
        "ModelPackageGroupName": group.name,
        "ModelPackageGroupArn": group.arn,
        "ModelPackageGroupDescription": group.request.get("ModelPackageGroupDescription"),
        "CreationTime": group.created,
        "ModelPackageGroupStatus": "Completed",
    }
