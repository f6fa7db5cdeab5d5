"""The versions of a use case in the model registry, and the settings that the run of a version has stored."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from common.errors import InputError

APPROVED, REJECTED, PENDING = "Approved", "Rejected", "PendingManualApproval"
# A run is found among the latest versions: it has registered one shortly before.
_LATEST = 20


@dataclass(frozen=True)
class Version:
    """A version of the model registry."""

    package: Mapping[str, Any]

    @property
    def arn(self) -> str:
        return str(self.package["ModelPackageArn"])

    @property
    def number(self) -> int:
        return int(self.package["ModelPackageVersion"])

    @property
    def status(self) -> str:
        return str(self.package.get("ModelApprovalStatus", ""))

    @property
    def why(self) -> str:
        return str(self.package.get("ApprovalDescription") or "no reason was given")

    @property
    def metadata(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.package.get("CustomerMetadataProperties", {})
        return found

    @property
    def containers(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.package.get("InferenceSpecification", {}).get(
            "Containers", []
        )
        return found


class Registry:
    """The model package group of a use case."""

    def __init__(self, sagemaker: Any, s3: Any, group: str, bucket: str) -> None:
        self._sagemaker = sagemaker
        self._s3 = s3
        self._group = group
        self._bucket = bucket

    def newest_approved(self) -> Version | None:
        return next(self._newest(APPROVED), None)

    def approved_before(self, version: Version) -> Version | None:
        """The approved version before another one."""
        for found in self._newest(APPROVED):
            if found.number < version.number:
                return found
        return None

    def newest_not_rejected(self) -> Version | None:
        return next((found for found in self._newest() if found.status != REJECTED), None)

    def of_run(self, run_id: str) -> Version | None:
        """The version that a run has registered."""
        found = (version for version in self._newest() if version.metadata.get("RunId") == run_id)
        return next(found, None)

    def number(self, number: int) -> Version:
        """Raise InputError when the group has no such version."""
        for found in self._newest():
            if found.number == number:
                return found
        raise InputError(
            f"model package group {self._group} has no version {number} among its latest {_LATEST}. Correct "
            "`version` in the section endpoint of the use case."
        )

    def describe(self, arn: str) -> Version:
        try:
            return Version(self._sagemaker.describe_model_package(ModelPackageName=arn))
        except ClientError as error:
            raise InputError(f"model package {arn} cannot be read: {error}") from error

    def endpoint_settings(self, version: Version, target: str) -> dict[str, Any]:
        """The settings of one endpoint, as create_schema has resolved them for the run of the version.

        A version that was registered by hand may have no run: it gets one instance of the first type that it
        supports.
        """
        use_case = self._use_case_of(version)
        if "endpoint" in use_case:
            settings: dict[str, Any] = use_case["endpoint"][target]
            return settings
        types = version.package.get("InferenceSpecification", {}).get(
            "SupportedRealtimeInferenceInstanceTypes", []
        )
        if not types:
            raise InputError(
                f"{version.arn}: its run has stored no endpoint settings, and the version names no "
                "instance type in SupportedRealtimeInferenceInstanceTypes. Register it with one."
            )
        return {"instance_type": types[0], "instance_count": 1, "capture_percent": 0}

    def has_dev_endpoint(self) -> bool:
        """Whether the newest version that is not rejected may have a dev endpoint (endpoint.dev.enabled)."""
        version = self.newest_not_rejected()
        use_case = self._use_case_of(version) if version else {}
        return bool(use_case.get("endpoint", {}).get("dev", {}).get("enabled", True))

    def _use_case_of(self, version: Version) -> dict[str, Any]:
        run_id = version.metadata.get("RunId", "")
        if not run_id:
            return {}
        key = f"{run_id}/config/use_case.json"
        try:
            body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NoSuchKey", "404"}:
                return {}
            raise InputError(f"s3://{self._bucket}/{key} cannot be read: {error}") from error
        found: dict[str, Any] = json.loads(body)
        return found

    def _newest(self, status: str = "") -> Iterator[Version]:
        """Versions, the newest first."""
        options = {"ModelApprovalStatus": status} if status else {}
        try:
            found = self._sagemaker.list_model_packages(
                ModelPackageGroupName=self._group,
                SortBy="CreationTime",
                SortOrder="Descending",
                MaxResults=_LATEST,
                **options,
            )["ModelPackageSummaryList"]
        except ClientError as error:
            if "does not exist" in str(error):
                return
            raise InputError(f"model package group {self._group}: {error}") from error
        for summary in found:
            yield self.describe(summary["ModelPackageArn"])
