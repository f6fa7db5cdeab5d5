"""The model registry: groups of model packages, versions, approval.

moto 5.2.5 has these operations too, but overwrites a group of the same name, cannot delete, numbers a
version by counting (so that a deleted version's number is used again) and forgets fields on update.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from localaws.core.errors import AwsError
from localaws.core.provider import operation
from localaws.services.sagemaker import errors
from localaws.services.sagemaker.base import SageMakerBase
from localaws.services.sagemaker.events import publish_model_package
from localaws.services.sagemaker.store import Record, list_page, tag_map

_GROUP, _PACKAGE = "model-package-group", "model-package"
_ECHOED = (
    "ModelPackageGroupName", "ModelPackageDescription", "InferenceSpecification",
    "SourceAlgorithmSpecification", "ModelApprovalStatus", "MetadataProperties", "ModelMetrics",
    "CustomerMetadataProperties", "DriftCheckBaselines", "Domain", "Task", "SamplePayloadUrl",
    "AdditionalInferenceSpecifications", "SkipModelValidation", "SourceUri", "SecurityConfig", "ModelCard",
    "ModelLifeCycle", "ApprovalDescription", "ModelPackageRegistrationType",
)  # fmt: skip
_UPDATABLE = (
    "ModelApprovalStatus", "ApprovalDescription", "InferenceSpecification", "SourceUri", "ModelCard",
    "ModelLifeCycle", "ModelPackageRegistrationType",
)  # fmt: skip


@dataclass
class GroupRecord(Record):
    """A group and the number of its latest version, which never goes back."""

    last_version: int = 0


@dataclass
class PackageRecord(Record):
    """A version in a group, or a package without versions."""

    group: str | None = None
    version: int | None = None
    updated: bool = False


class RegistryOperations(SageMakerBase):
    """CreateModelPackageGroup, CreateModelPackage and what belongs to them."""

    @operation
    def create_model_package_group(self, params: dict[str, Any]) -> dict[str, Any]:
        """A new, empty group."""
        name = params["ModelPackageGroupName"]
        arn = self._arn(_GROUP, name)
        if params.get("ManagedConfiguration"):
            raise errors.feature_not_emulated(
                "CreateModelPackageGroup", "ManagedConfiguration",
                params["ManagedConfiguration"], "Leave it out.",
            )  # fmt: skip
        with self._store.lock:
            if self._store.table(_GROUP).get(name):
                raise errors.validation(f"Model Package Group already exists: {arn}")
            now = self._now()
            self._store.table(_GROUP).put(
                GroupRecord(name, arn, params, now, now, tag_map(params.get("Tags")))
            )
        return {"ModelPackageGroupArn": arn}

    @operation
    def describe_model_package_group(self, params: dict[str, Any]) -> dict[str, Any]:
        """One group."""
        return {
            **self._group_summary(self._group(params["ModelPackageGroupName"])),
            "CreatedBy": {},
        }

    @operation
    def list_model_package_groups(self, params: dict[str, Any]) -> dict[str, Any]:
        """Summaries, oldest first."""
        page, token = list_page(self._store.table(_GROUP).all(), params)
        groups = [self._group_summary(group) for group in page]
        return {"ModelPackageGroupSummaryList": groups, "NextToken": token}

    @operation
    def delete_model_package_group(self, params: dict[str, Any]) -> dict[str, Any]:
        """Only an empty group can go."""
        group = self._group(params["ModelPackageGroupName"])
        with self._store.lock:
            if any(p.group == group.name for p in self._store.table(_PACKAGE).all()):
                raise AwsError(
                    "ConflictException",
                    f"Model Package Group {group.arn} cannot be deleted as it still contains Model Packages.",
                )
            self._store.table(_GROUP).remove(group.name)
        return {}

    @operation
    def create_model_package(self, params: dict[str, Any]) -> dict[str, Any]:
        """A new version in a group, or a package of its own."""
        _check_package(params)
        now = self._now()
        with self._store.lock:
            if params.get("ModelPackageGroupName"):
                group = self._group(params["ModelPackageGroupName"])
                version = group.last_version + 1
                name, arn = (
                    f"{group.name}/{version}",
                    self._arn(_PACKAGE, f"{group.name}/{version}"),
                )
                # A version waits for its approval unless the request says otherwise.
                request = {
                    "ModelApprovalStatus": "PendingManualApproval", **params,
                    "ModelPackageGroupName": group.name,
                }  # fmt: skip
                package = PackageRecord(
                    name, arn, request, now, now, tag_map(params.get("Tags")), group.name, version
                )
                group.last_version = version
            else:
                name = params["ModelPackageName"]
                arn = self._arn(_PACKAGE, name)
                if self._store.table(_PACKAGE).get(name):
                    raise errors.validation(f"Model Package already exists: {arn}")
                package = PackageRecord(name, arn, params, now, now, tag_map(params.get("Tags")))
            self._store.table(_PACKAGE).put(package)
        publish_model_package(self.context, self._described(package), [])
        return {"ModelPackageArn": arn}

    @operation
    def describe_model_package(self, params: dict[str, Any]) -> dict[str, Any]:
        """One package, by ARN, by ``group/version`` or by name."""
        return self._described(self._package(params["ModelPackageName"]))

    @operation
    def list_model_packages(self, params: dict[str, Any]) -> dict[str, Any]:
        """Summaries, oldest first: of one group, or by kind."""
        group = params.get("ModelPackageGroupName")
        if group:
            group = self._group(group).name
        kind = "Versioned" if group else params.get("ModelPackageType", "Unversioned")
        status = params.get("ModelApprovalStatus")
        chosen = [
            package
            for package in self._store.table(_PACKAGE).all()
            if (not group or package.group == group)
            and (kind == "Both" or (package.group is not None) == (kind == "Versioned"))
            and (not status or package.request.get("ModelApprovalStatus") == status)
        ]
        page, token = list_page(chosen, params)
        return {"ModelPackageSummaryList": [_summary(p) for p in page], "NextToken": token}

    @operation
    def update_model_package(self, params: dict[str, Any]) -> dict[str, Any]:
        """Approve, reject, describe or annotate a package. What the request does not name stays."""
        package = self._package(params["ModelPackageArn"])
        with self._store.lock:
            request = dict(package.request)
            updated = [key for key in _UPDATABLE if key in params]
            request.update({key: params[key] for key in updated})
            properties = dict(request.get("CustomerMetadataProperties", {}))
            properties.update(params.get("CustomerMetadataProperties", {}))
            for key in params.get("CustomerMetadataPropertiesToRemove", []):
                properties.pop(key, None)
            if properties != request.get("CustomerMetadataProperties", {}):
                request["CustomerMetadataProperties"] = properties
                updated.append("CustomerMetadataProperties")
            added = params.get("AdditionalInferenceSpecificationsToAdd")
            if added:
                known = request.get("AdditionalInferenceSpecifications", [])
                request["AdditionalInferenceSpecifications"] = [*known, *added]
                updated.append("AdditionalInferenceSpecifications")
            package.request, package.modified, package.updated = request, self._now(), True
        publish_model_package(self.context, self._described(package), updated)
        return {"ModelPackageArn": package.arn}

    @operation
    def delete_model_package(self, params: dict[str, Any]) -> dict[str, Any]:
        """Forget one package; its version number is not used again."""
        self._store.table(_PACKAGE).remove(self._package(params["ModelPackageName"]).name)
        return {}

    def _group(self, name_or_arn: str) -> GroupRecord:
        name = name_or_arn.rpartition("/")[2]
        group: GroupRecord | None = self._store.table(_GROUP).get(name)
        if group is None:
            raise errors.validation(f"ModelPackageGroup {self._arn(_GROUP, name)} does not exist.")
        return group

    def _package(self, name_or_arn: str) -> PackageRecord:
        name = name_or_arn.split(f":{_PACKAGE}/", 1)[-1]
        table = self._store.table(_PACKAGE)
        found = table.get(name) or next((p for p in table.all() if p.arn == name_or_arn), None)
        if found is None:
            raise errors.validation(f"ModelPackage {self._arn(_PACKAGE, name)} does not exist.")
        package: PackageRecord = found
        return package

    def _group_summary(self, group: GroupRecord) -> dict[str, Any]:
        return {
            "ModelPackageGroupName": group.name,
            "ModelPackageGroupArn": group.arn,
            "ModelPackageGroupDescription": group.request.get("ModelPackageGroupDescription"),
            "CreationTime": group.created,
            "ModelPackageGroupStatus": "Completed",
        }

    def _described(self, package: PackageRecord) -> dict[str, Any]:
        checked = {"Name": package.arn, "Status": "NotStarted"}
        described = {
            **{key: package.request[key] for key in _ECHOED if key in package.request},
            "ModelPackageName": package.group or package.name,
            "ModelPackageVersion": package.version,
            "ModelPackageArn": package.arn,
            "CreationTime": package.created,
            "ModelPackageStatus": "Completed",
            # No ValidationSpecification is run here, and a registry scan is not either.
            "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": [checked]},
            "CertifyForMarketplace": package.request.get("CertifyForMarketplace", False),
            "LastModifiedTime": package.modified if package.updated else None,
        }
        return {key: value for key, value in described.items() if value is not None}


def _check_package(params: dict[str, Any]) -> None:
    if params.get("ModelPackageName") and params.get("ModelPackageGroupName"):
        raise errors.validation(
            "Both ModelPackageName and ModelPackageGroupName are provided in the input. "
            "Cannot determine which one to use."
        )
    if not params.get("ModelPackageName") and not params.get("ModelPackageGroupName"):
        raise errors.validation("Missing ARN.")
    if "ValidationSpecification" in params:
        raise errors.feature_not_emulated(
            "CreateModelPackage", "ValidationSpecification",
            params["ValidationSpecification"], "Leave it out.",
        )  # fmt: skip
    if not params.get("InferenceSpecification") and not params.get("SourceAlgorithmSpecification"):
        raise errors.validation("Give InferenceSpecification or SourceAlgorithmSpecification.")
    containers = params.get("InferenceSpecification", {}).get("Containers", [])
    if any(not container.get("Image") for container in containers):
        raise errors.validation("Every container of InferenceSpecification needs an Image.")


def _summary(package: PackageRecord) -> dict[str, Any]:
    return {
        "ModelPackageName": package.name if package.group is None else None,
        "ModelPackageGroupName": package.group,
        "ModelPackageVersion": package.version,
        "ModelPackageArn": package.arn,
        "ModelPackageDescription": package.request.get("ModelPackageDescription"),
        "CreationTime": package.created,
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": package.request.get("ModelApprovalStatus"),
        "ModelLifeCycle": package.request.get("ModelLifeCycle"),
    }
