"""The versions of the model registry: read, chosen, approved, rejected."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from landing_zone.core.aws import Clients, error_code
from landing_zone.core.errors import OperatorError

APPROVED, REJECTED, PENDING = "Approved", "Rejected", "PendingManualApproval"
# The limit of UpdateModelPackage.
_MOST_DESCRIPTION = 1024
_DECISION = re.compile(
    r"(?:Approved|Rejected|Rolled back) "
    r"(?:by (?P<who>[^\s,;]+?)|(?P<run>in pipeline execution \S+?))[:.] (?P<why>.*)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Version:
    """A version of a model package group, as DescribeModelPackage tells it."""

    arn: str
    group: str
    number: int
    status: str
    created: datetime
    decided: datetime | None = None
    description: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    metrics_uri: str = ""
    image: str = ""
    model_data: str = ""

    @property
    def run_id(self) -> str:
        return self.properties.get("RunId", "")

    @property
    def metric(self) -> str:
        """The metric of the gate with its value and threshold, or nothing where none was recorded."""
        name, value = self.properties.get("Metric", ""), self.properties.get("MetricValue", "")
        if not name or not value:
            return ""
        threshold = self.properties.get("MetricThreshold", "")
        return f"{name} {_short(value)}" + (
            f" (threshold {_short(threshold)})" if threshold else ""
        )

    @property
    def decision(self) -> tuple[str, str]:
        """Who approved or rejected it, and why; the whole description where it has another form."""
        found = _DECISION.fullmatch(self.description)
        if not found:
            return "", self.description
        return found["who"] or found["run"], found["why"]


class Registry:
    """The model package groups of one deployment."""

    def __init__(self, aws: Clients, prefix: str) -> None:
        self._api = aws.client("sagemaker")
        self._prefix = prefix

    def use_cases(self) -> list[str]:
        """The use cases that have a model package group."""
        pages = self._api.get_paginator("list_model_package_groups").paginate(
            NameContains=self._prefix
        )
        start = f"{self._prefix}-"
        names = [
            item["ModelPackageGroupName"]
            for page in pages
            for item in page["ModelPackageGroupSummaryList"]
        ]
        return sorted(name.removeprefix(start) for name in names if name.startswith(start))

    def versions(self, use_case: str, most: int | None = None) -> list[Version]:
        """The versions of a use case, newest first; all of them, or the newest so many."""
        group = self.group(use_case)
        pages = self._api.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=group, SortBy="CreationTime", SortOrder="Descending"
        )
        try:
            listed = (item for page in pages for item in page["ModelPackageSummaryList"])
            found = [self.describe(item["ModelPackageArn"]) for item in islice(listed, most)]
        except ClientError as error:
            if error_code(error) not in {"ValidationException", "ResourceNotFound"}:
                raise
            known = ", ".join(self.use_cases()) or "none"
            raise OperatorError(
                f"no model of use case {use_case!r} is registered (group {group}); use cases with "
                f"models: {known}"
            ) from error
        return sorted(found, key=lambda version: version.number, reverse=True)

    def group(self, use_case: str) -> str:
        return f"{self._prefix}-{use_case}"

    def use_case_of(self, version: Version) -> str:
        return version.group.removeprefix(f"{self._prefix}-")

    def describe(self, arn: str) -> Version:
        """The version with this ARN.

        Raises:
            OperatorError: it does not exist, or belongs to another deployment.
        """
        try:
            found = self._api.describe_model_package(ModelPackageName=arn)
        except ClientError as error:
            if error_code(error) != "ValidationException":
                raise
            raise OperatorError(
                f"{arn} does not exist: python deployment-scripts/models.py lists the versions"
            ) from error
        version = version_of(found)
        if not version.group.startswith(f"{self._prefix}-"):
            raise OperatorError(
                f"{arn} belongs to group {version.group or 'none'}, not to {self._prefix}: set SERVICE and "
                "BUILD_STAGE to its deployment"
            )
        return version

    def find(self, use_case: str, number: int) -> Version:
        """The version with this number."""
        versions = self.versions(use_case)
        for version in versions:
            if version.number == number:
                return version
        known = ", ".join(str(version.number) for version in versions) or "none"
        raise OperatorError(f"{self.group(use_case)} has no version {number}; versions: {known}")

    def decide(self, version: Version, status: str, who: str, why: str) -> str:
        """Approve or reject a version; returns the description that is stored with it."""
        description = f"{status} by {who}: {why}"[:_MOST_DESCRIPTION]
        self._api.update_model_package(
            ModelPackageArn=version.arn, ModelApprovalStatus=status, ApprovalDescription=description
        )
        return description


def version_of(found: Mapping[str, Any]) -> Version:
    """A version from the answer of DescribeModelPackage."""
    containers = found.get("InferenceSpecification", {}).get("Containers", [{}])
    quality = found.get("ModelMetrics", {}).get("ModelQuality", {}).get("Statistics", {})
    return Version(
        arn=found["ModelPackageArn"],
        group=found.get("ModelPackageGroupName", ""),
        number=int(found.get("ModelPackageVersion", 0)),
        status=found.get("ModelApprovalStatus", ""),
        created=found["CreationTime"],
        decided=found.get("LastModifiedTime"),
        description=found.get("ApprovalDescription", ""),
        properties=dict(found.get("CustomerMetadataProperties", {})),
        metrics_uri=quality.get("S3Uri", ""),
        image=containers[0].get("Image", ""),
        model_data=containers[0].get("ModelDataUrl", ""),
    )


def desired(versions: list[Version]) -> Version | None:
    """The newest Approved version: what the machine `deploy` brings to the endpoints."""
    approved = [version for version in versions if version.status == APPROVED]
    return max(approved, key=lambda version: version.number, default=None)


def _short(number: str) -> str:
    try:
        return f"{float(number):.4g}"
    except ValueError:
        return number
