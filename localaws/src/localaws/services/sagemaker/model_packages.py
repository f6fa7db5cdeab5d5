"""Model packages: versions in a group, or packages without versions, and their approval.

moto 5.2.5 has these operations too, but overwrites a group of the same name, cannot delete, numbers a
version by counting (so that a deleted version's number is used again) and forgets fields on update.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from localaws.core.context import Context
from localaws.core.provider import operation
from localaws.services.sagemaker import errors
from localaws.services.sagemaker.events import publish_model_package
from localaws.services.sagemaker.listing import list_page
from localaws.services.sagemaker.model_data_etags import record_etags
from localaws.services.sagemaker.model_package_groups import ModelPackageGroups
from localaws.services.sagemaker.store import Record, Store, Table, tag_map

_KIND = "model-package"
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
class PackageRecord(Record):
    """A version in a group, or a package without versions."""

    group: str | None = None
    version: int | None = None
    updated: bool = False


class ModelPackages:
    """CreateModelPackage and its siblings."""

    def __init__(self, context: Context, store: Store, groups: ModelPackageGroups) -> None:
        self._context = context
        self._store = store
        self._table: Table[PackageRecord] = store.table(_KIND)
        self._groups = groups

    @operation
    def create_model_package(self, params: dict[str, Any]) -> dict[str, Any]:
        """A new version in a group, or a package of its own."""
        _check_package(params)
        request = self._with_etags(params)
        now = self._store.now()
        group, version = None, None
        with self._store.lock:
            if params.get("ModelPackageGroupName"):
                group = self._groups.find(params["ModelPackageGroupName"])
                group.last_version = version = group.last_version + 1
                name = f"{group.name}/{version}"
                # A version waits for its approval unless the request says otherwise.
                request = {
                    "ModelApprovalStatus": "PendingManualApproval", **request,
                    "ModelPackageGroupName": group.name,
                }  # fmt: skip
            else:
                name = params["ModelPackageName"]
            arn = self._table.arn(name)
            if self._table.get(name):
                raise errors.validation(f"Model Package already exists: {arn}")
            package = PackageRecord(
                name, arn, request, now, now, tag_map(params.get("Tags")),
                group.name if group else None, version,
            )  # fmt: skip
            self._table.put(package)
        publish_model_package(self._context, self._described(package), [])
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
            group = self._groups.find(group).name
        kind = "Versioned" if group else params.get("ModelPackageType", "Unversioned")
        status = params.get("ModelApprovalStatus")
        chosen = [
            package
            for package in self._table.all()
            if (not group or package.group == group)
            and (kind == "Both" or (package.group is not None) == (kind == "Versioned"))
            and (not status or package.request.get("ModelApprovalStatus") == status)
        ]
        page, token = list_page("ListModelPackages", chosen, params)
        return {"ModelPackageSummaryList": [_summary(p) for p in page], "NextToken": token}

    @operation
    def update_model_package(self, params: dict[str, Any]) -> dict[str, Any]:
        """Approve, reject, describe or annotate a package. What the request does not name stays."""
        package = self._package(params["ModelPackageArn"])
        params = self._with_etags(params)
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
            package.request, package.modified, package.updated = request, self._store.now(), True
        publish_model_package(self._context, self._described(package), updated)
        return {"ModelPackageArn": package.arn}

    @operation
    def delete_model_package(self, params: dict[str, Any]) -> dict[str, Any]:
        """Forget one package; its version number is not used again."""
        self._table.remove(self._package(params["ModelPackageName"]).name)
        return {}

    def _package(self, name_or_arn: str) -> PackageRecord:
        name = name_or_arn.split(f":{_KIND}/", 1)[-1]
        table = self._table
        found = table.get(name) or next((p for p in table.all() if p.arn == name_or_arn), None)
        if found is None:
            raise errors.validation(f"ModelPackage {self._table.arn(name)} does not exist.")
        return found

    def _with_etags(self, params: dict[str, Any]) -> dict[str, Any]:
        if "InferenceSpecification" not in params:
            return params
        specification = record_etags(self._context, params["InferenceSpecification"])
        return {**params, "InferenceSpecification": specification}

    def _described(self, package: PackageRecord) -> dict[str, Any]:
        checked = {"Name": package.arn, "Status": "NotStarted"}
        described = {
            **package.echo(_ECHOED),
            "ModelPackageName": package.group or package.name,
            "ModelPackageVersion": package.version,
            "ModelPackageArn": package.arn,
            "CreationTime": package.created,
            "ModelPackageStatus": "Completed",
            # localaws runs no ValidationSpecification and scans no image.
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
