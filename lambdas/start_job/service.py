"""The work of start_job, in order."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from common.errors import ActionError, InputError
from common.manifest import check_git_manifest
from common.schema import Schema
from common.storage import encryption
from start_job.drop import Drop
from start_job.package import MAX_ZIP_BYTES, JobPackage, read_package
from start_job.settings import Settings

MANIFEST_KEY = "config/manifest.json"
# The pipeline may read its manifest from below this prefix (infra/modules/ml_pipeline).
JOB_MANIFESTS = "config/jobs/"
SOURCE_ACTION = "UploadManifest"
STARTED, REFUSED = "Started", "Refused"


@dataclass(frozen=True)
class Clients:
    s3: Any
    codepipeline: Any


def start_job(drop: Drop, settings: Settings, schema: Schema, clients: Clients) -> dict[str, str]:
    """Start a run with the data of an upload, and write the answer beside it.

    What is wrong with the upload is the answer, not an error of the function: Lambda would only try again.
    """
    try:
        answer = {"Status": STARTED, "RunId": _start(drop, settings, schema, clients)}
    except ActionError as error:
        answer = {"Status": REFUSED, "Reason": str(error)}
        logging.getLogger(__name__).warning("refused", extra={"key": drop.key, **answer})
    _put(
        clients.s3,
        settings,
        settings.source_bucket,
        drop.answer_key,
        json.dumps({**answer, "Key": drop.key, "VersionId": drop.version}, indent=2).encode(),
    )
    return answer


def _start(drop: Drop, settings: Settings, schema: Schema, clients: Clients) -> str:
    drop.check()
    package = _package(drop, clients.s3) if drop.is_zip else JobPackage({}, {})
    manifest = _manifest(drop, package, settings, schema, clients.s3)
    key = f"{JOB_MANIFESTS}{drop.id}.json"
    _put(clients.s3, settings, settings.source_bucket, key, json.dumps(manifest, indent=2).encode())
    # The same token gives the same run, however often the event arrives.
    run_id = str(
        clients.codepipeline.start_pipeline_execution(
            name=settings.pipeline_name,
            clientRequestToken=drop.id,
            sourceRevisions=[
                {
                    "actionName": SOURCE_ACTION,
                    "revisionType": "S3_OBJECT_KEY",
                    "revisionValue": key,
                }
            ],
        )["pipelineExecutionId"]
    )
    # The run waits for a person who approves the data, so it comes in time.
    for name, body in package.data.items():
        _put(clients.s3, settings, settings.workflow_bucket, f"{run_id}/source/{name}", body)
    if not drop.is_zip:
        _copy(drop, settings, clients.s3, f"{run_id}/source/{drop.name}")
    return run_id


def _package(drop: Drop, s3: Any) -> JobPackage:
    found = _get(s3, drop)
    if found["ContentLength"] > MAX_ZIP_BYTES:
        raise InputError(
            f"{drop.key} has {found['ContentLength']:,} bytes; allowed for a zip: {MAX_ZIP_BYTES:,}. Upload "
            "the data as a CSV file of its own"
        )
    return read_package(found["Body"].read())


def _manifest(
    drop: Drop, package: JobPackage, settings: Settings, schema: Schema, s3: Any
) -> dict[str, Any]:
    found = _get(s3, Drop(settings.source_bucket, MANIFEST_KEY, ""))
    document = json.loads(found["Body"].read())
    return check_git_manifest(schema, {**document, **package.values, "UseCase": drop.use_case})


def _get(s3: Any, drop: Drop) -> dict[str, Any]:
    try:
        found: dict[str, Any] = s3.get_object(Bucket=drop.bucket, Key=drop.key, **drop.exactly)
    except ClientError as error:
        raise InputError(f"s3://{drop.bucket}/{drop.key} cannot be read: {error}") from error
    return found


def _put(s3: Any, settings: Settings, bucket: str, key: str, body: bytes) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=body, **encryption(settings.kms_key_arn))


def _copy(drop: Drop, settings: Settings, s3: Any, key: str) -> None:
    s3.copy_object(
        Bucket=settings.workflow_bucket,
        Key=key,
        CopySource={"Bucket": drop.bucket, "Key": drop.key, **drop.exactly},
        **encryption(settings.kms_key_arn),
    )
