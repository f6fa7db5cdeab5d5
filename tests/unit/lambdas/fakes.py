"""AWS as the Lambda functions see it: what they stored and answered can be read back."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

REPOSITORY = Path(__file__).resolve().parents[3]
ARTIFACTS = "ml-core-development-123456789012-artifact-bucket"
SOURCE = "ml-core-development-123456789012-source-bucket"
WORKFLOW = "ml-core-development-123456789012-workflow-bucket"
KMS_KEY = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
RUN_ID = "0f6a7c9e-3a64-4f0e-9d58-2f1f4f0a9b11"
CODE_VERSION = "0123456789ab"
CODE_MARKER = f"code/{CODE_VERSION}/CODE_VERSION"  # written last by upload-source-files.sh
PREBUILT = "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
REPOSITORY_URI = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/ml-core-development-model"


def load_event(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((REPOSITORY / f"tests/events/{name}.json").read_text())
    return event


def git_manifest(**changes: Any) -> dict[str, Any]:
    """config/manifest.json, as upload-source-files.sh stores it."""
    manifest: dict[str, Any] = json.loads((REPOSITORY / "config/manifest.json").read_text())
    return {**manifest, "CodeVersion": CODE_VERSION, **changes}


def zipped(files: dict[str, bytes | str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return buffer.getvalue()


def refusal(code: str, message: str, operation: str = "Operation") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@dataclass
class FakeS3:
    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    written: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)  # operations that IAM refuses

    def put(self, bucket: str, key: str, body: bytes | str) -> None:
        self.objects[bucket, key] = body.encode() if isinstance(body, str) else body

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        self._guard("GetObject")
        if (Bucket, Key) not in self.objects:
            raise refusal("NoSuchKey", "The specified key does not exist.", "GetObject")
        body = self.objects[Bucket, Key]
        etag = f'"{hashlib.md5(body).hexdigest()}"'
        return {"Body": io.BytesIO(body), "ContentLength": len(body), "ETag": etag}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, **rest: Any) -> None:  # noqa: N803
        self._guard("PutObject")
        self.objects[Bucket, Key] = Body
        self.written[Bucket, Key] = rest

    def list_objects_v2(self, *, Bucket: str, Prefix: str) -> dict[str, Any]:  # noqa: N803
        self._guard("ListObjectsV2")
        keys = [key for bucket, key in self.objects if bucket == Bucket and key.startswith(Prefix)]
        return {"Contents": [{"Key": key} for key in keys]} if keys else {}

    def get_paginator(self, operation: str) -> FakeS3:
        assert operation == "list_objects_v2"
        return self

    def paginate(self, **arguments: Any) -> list[dict[str, Any]]:
        return [self.list_objects_v2(**arguments)]

    def _guard(self, operation: str) -> None:
        if operation in self.denied:
            raise refusal("AccessDenied", "Access Denied", operation)


@dataclass
class FakeSageMaker:
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    packages: dict[str, dict[str, Any]] = field(default_factory=dict)
    updates: list[dict[str, Any]] = field(default_factory=list)
    created_meanwhile: bool = False  # another run creates the group between our two calls
    denied: set[str] = field(default_factory=set)

    def describe_model_package_group(self, *, ModelPackageGroupName: str) -> dict[str, Any]:  # noqa: N803
        self._guard("DescribeModelPackageGroup")
        if ModelPackageGroupName not in self.groups:
            raise refusal(
                "ValidationException",
                f"ModelPackageGroup arn:aws:sagemaker:eu-west-1:123456789012:model-package-group/"
                f"{ModelPackageGroupName} does not exist.",
                "DescribeModelPackageGroup",
            )
        return self.groups[ModelPackageGroupName]

    def create_model_package_group(self, **request: Any) -> dict[str, Any]:
        self._guard("CreateModelPackageGroup")
        name = request["ModelPackageGroupName"]
        if self.created_meanwhile or name in self.groups:
            raise refusal(
                "ValidationException",
                f"Model Package Group already exists: arn:aws:sagemaker:::{name}",
                "CreateModelPackageGroup",
            )
        self.groups[name] = request
        return {}

    def describe_model_package(self, *, ModelPackageName: str) -> dict[str, Any]:  # noqa: N803
        self._guard("DescribeModelPackage")
        if ModelPackageName not in self.packages:
            raise refusal(
                "ValidationException",
                f"ModelPackage {ModelPackageName} does not exist.",
                "DescribeModelPackage",
            )
        return self.packages[ModelPackageName]

    def add_version(
        self, group: str, version: int, status: str, url: str, metadata: dict[str, str]
    ) -> None:
        """A version as the training state machine registers it."""
        arn = f"arn:aws:sagemaker:eu-west-1:123456789012:model-package/{group}/{version}"
        self.packages[arn] = {
            "ModelPackageArn": arn,
            "ModelPackageGroupName": group,
            "ModelPackageVersion": version,
            "ModelApprovalStatus": status,
            "InferenceSpecification": {"Containers": [{"ModelDataUrl": url}]},
            "CustomerMetadataProperties": metadata,
        }

    def list_model_packages(
        self,
        *,
        ModelPackageGroupName: str,  # noqa: N803
        ModelApprovalStatus: str,  # noqa: N803
        SortBy: str,  # noqa: N803
        SortOrder: str,  # noqa: N803
        MaxResults: int,  # noqa: N803
    ) -> dict[str, Any]:
        self._guard("ListModelPackages")
        assert (SortBy, SortOrder) == ("CreationTime", "Descending")
        found = [
            package
            for package in self.packages.values()
            if package.get("ModelPackageGroupName") == ModelPackageGroupName
            and package["ModelApprovalStatus"] == ModelApprovalStatus
        ]
        found.sort(key=lambda package: -package["ModelPackageVersion"])
        return {"ModelPackageSummaryList": found[:MaxResults]}

    def update_model_package(self, **request: Any) -> dict[str, Any]:
        self.updates.append(request)
        self.packages[request["ModelPackageArn"]]["ModelApprovalStatus"] = request[
            "ModelApprovalStatus"
        ]
        return {}

    def _guard(self, operation: str) -> None:
        if operation in self.denied:
            raise refusal(
                "AccessDeniedException",
                f"User: role is not authorized to perform: sagemaker:{operation}",
                operation,
            )


@dataclass
class FakeCodePipeline:
    successes: list[dict[str, Any]] = field(default_factory=list)
    failures: list[dict[str, Any]] = field(default_factory=list)

    def put_job_success_result(self, **request: Any) -> None:
        self._once(request)
        self.successes.append(request)

    def put_job_failure_result(self, **request: Any) -> None:
        self._once(request)
        assert 1 <= len(request["failureDetails"]["message"]) <= 5000
        self.failures.append(request)

    def _once(self, request: dict[str, Any]) -> None:
        answered = [answer["jobId"] for answer in self.successes + self.failures]
        if request["jobId"] in answered:
            raise refusal("InvalidJobStateException", "The job was already answered.")
