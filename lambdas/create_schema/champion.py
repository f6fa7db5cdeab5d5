"""The champion of a run: the newest approved version of the use case's model, which is in production.

The evaluate job compares the new model with it. Its input must be a place that always exists, so where
there is no model to give, it gets a folder of the run with none.json, which says why.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from common.archive import SHA256_KEY
from common.errors import AccessError
from create_schema.settings import Settings

NO_VERSION = "no version of this model has been approved yet"


@dataclass(frozen=True)
class ChampionVersion:
    """A version of the model registry; its texts are empty where there is none."""

    model_package_arn: str = ""
    model_data_url: str = ""
    sha256: str = ""  # of model.tar.gz, as it was registered
    reason: str = ""  # why there is nothing to compare with

    def location(self, workflow_bucket: str, run_id: str) -> str:
        """Input of the evaluate job: the model, or the folder of none.json."""
        return self.model_data_url or f"s3://{workflow_bucket}/{run_id}/champion/"


def find_champion(s3: Any, sagemaker: Any, settings: Settings, group: str) -> ChampionVersion:
    """Look the champion up. A model that is gone is no input: SageMaker would fail the job."""
    try:
        newest = sagemaker.list_model_packages(
            ModelPackageGroupName=group,
            ModelApprovalStatus="Approved",
            SortBy="CreationTime",
            SortOrder="Descending",
            MaxResults=1,
        )["ModelPackageSummaryList"]
        if not newest:
            return ChampionVersion(reason=NO_VERSION)
        arn = newest[0]["ModelPackageArn"]
        package = sagemaker.describe_model_package(ModelPackageName=arn)
    except ClientError as error:
        raise AccessError(
            f"the champion in model package group {group} cannot be looked up: {error}. Look at the "
            "role of this function (infra/modules/manifest), then retry the stage."
        ) from error
    containers = package.get("InferenceSpecification", {}).get("Containers", [])
    url = containers[0].get("ModelDataUrl", "") if containers else ""
    reason = _why_not(s3, settings.workflow_bucket, url)
    if reason:
        return ChampionVersion(arn, reason=reason)
    metadata = package.get("CustomerMetadataProperties", {})
    return ChampionVersion(arn, url, metadata.get(SHA256_KEY, ""))


def _why_not(s3: Any, bucket: str, url: str) -> str:
    """Why the model cannot be an input; empty when it can."""
    if not url:
        return "the approved version names no model.tar.gz"
    prefix = f"s3://{bucket}/"
    if not url.startswith(prefix):
        return f"{url} is not in the workflow bucket, which is all the jobs may read"
    key = url.removeprefix(prefix)
    # Listing needs no right to read models, and a missing key is no error.
    found = s3.list_objects_v2(Bucket=bucket, Prefix=key)
    if key not in {item["Key"] for item in found.get("Contents", ())}:
        return f"{url} is not there any more"
    return ""


def marker(champion: ChampionVersion) -> bytes:
    """The content of none.json."""
    return json.dumps({"reason": champion.reason}).encode()
