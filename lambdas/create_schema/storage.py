"""Prepare a run: check its code, and create its folders in S3 and its model package group."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from common.errors import AccessError, ConfigurationError
from common.storage import encryption
from create_schema.champion import ChampionVersion, marker
from create_schema.cost import COST_KEY
from create_schema.settings import Settings
from create_schema.use_case import UseCase

# The upload writes this object last, with the version as its content: it marks a complete upload.
CODE_MARKER = "CODE_VERSION"
MARKER_BYTES = 100


def check_code(s3: Any, bucket: str, version: str) -> None:
    """Refuse a version that was not uploaded here completely, before a job fails for it."""
    fix = "Run deployment-scripts/upload-source-files.sh: it uploads the code and the manifest naming it."
    if not version:
        raise ConfigurationError("CodeVersion", 'found ""; allowed: an uploaded version', fix)
    key = f"code/{version}/{CODE_MARKER}"
    place = f"s3://{bucket}/{key}"
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read(MARKER_BYTES)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"NoSuchKey", "404"}:
            raise AccessError(
                f"{place} cannot be read: {error}. Look at the role of this function "
                "(infra/modules/manifest), then retry the stage."
            ) from error
        raise ConfigurationError(
            "CodeVersion",
            f"found {version!r}, but there is no {place}: the code was not uploaded, or not completely",
            fix,
        ) from error
    found = body.decode("utf-8", "replace").strip()
    if found != version:
        raise ConfigurationError(
            "CodeVersion",
            f"found {version!r}, but {place} holds {found!r}; both must be equal",
            fix,
        )


def prepare_run(
    s3: Any,
    settings: Settings,
    run_id: str,
    use_case: UseCase,
    champion: ChampionVersion,
    cost: Mapping[str, Any],
) -> None:
    """Write the run's use case, its cost, and the folders that the console shows people to upload to."""
    objects = {
        f"{run_id}/config/use_case.json": json.dumps(use_case, indent=2).encode(),
        f"{run_id}/{COST_KEY}": json.dumps(cost, indent=2).encode(),
        f"{run_id}/source/": b"",
        f"{run_id}/inference/": b"",
    }
    if not champion.model_data_url:
        objects[f"{run_id}/champion/none.json"] = marker(champion)
    for key, body in objects.items():
        s3.put_object(
            Bucket=settings.workflow_bucket,
            Key=key,
            Body=body,
            **encryption(settings.kms_key_arn),
        )


def ensure_model_package_group(
    sagemaker: Any, settings: Settings, group: str, use_case: UseCase
) -> None:
    """Two runs may come here at once, so an existing group is success on both calls."""
    try:
        sagemaker.describe_model_package_group(ModelPackageGroupName=group)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"ValidationException", "ResourceNotFound"}:
            raise _refused(group, error) from error
    else:
        return
    try:
        sagemaker.create_model_package_group(
            ModelPackageGroupName=group,
            ModelPackageGroupDescription=use_case["description"][:1024],
            Tags=[
                {"Key": "Service", "Value": settings.service},
                {"Key": "Stage", "Value": settings.stage},
                {"Key": "UseCase", "Value": use_case["name"]},
            ],
        )
    except ClientError as error:
        if "already exists" not in error.response["Error"].get("Message", ""):
            raise _refused(group, error) from error


def _refused(group: str, error: ClientError) -> AccessError:
    return AccessError(
        f"model package group {group}: {error}. Look at the role of this function "
        "(infra/modules/manifest), then retry the stage."
    )
