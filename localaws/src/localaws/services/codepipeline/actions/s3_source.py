"""Source / S3: copies one version of an object (user guide: action-reference-S3)."""

from __future__ import annotations

from typing import Any, Final

from botocore.exceptions import ClientError

from localaws.services.codepipeline import console
from localaws.services.codepipeline.models import Outcome, Revision
from localaws.services.codepipeline.runner import ActionFailedError, ActionRun

MAX_BYTES: Final = 7 * 1024**3
_SUMMARY_METADATA: Final = "codepipeline-artifact-revision-summary"


class S3Source:
    """Copies the object into the artifact store. It need not be a zip file."""

    def run(self, run: ActionRun) -> Outcome:
        """Copy the latest version, or the one that the execution was started with."""
        overrides = run.action.execution.source_overrides.get(run.action.declaration.name, {})
        bucket = run.configuration["S3Bucket"]
        key = overrides.get("S3_OBJECT_KEY", run.configuration["S3ObjectKey"])
        client = run.client("s3")
        if client.get_bucket_versioning(Bucket=bucket).get("Status") != "Enabled":
            raise ActionFailedError(
                "ConfigurationError",
                f"The Amazon S3 bucket {bucket} is not versioned. A source bucket must have versioning"
                " enabled",
            )
        head = _head(client, bucket, key, overrides.get("S3_OBJECT_VERSION_ID"))
        if head["ContentLength"] > MAX_BYTES:
            raise ActionFailedError(
                "ConfigurationError",
                f"s3://{bucket}/{key} has {head['ContentLength']} bytes; a source artifact has at most"
                f" {MAX_BYTES}",
            )
        version = head["VersionId"]
        output = run.action.outputs[0]
        client.copy(
            CopySource={"Bucket": bucket, "Key": key, "VersionId": version},
            Bucket=output.bucket,
            Key=output.key,
            ExtraArgs=run.encryption(),
        )
        etag = head["ETag"].strip('"')
        url = console.s3_object(run.context.region, bucket, key)
        summary = (
            head.get("Metadata", {}).get(_SUMMARY_METADATA) or f"Amazon S3 version id: {version}"
        )
        run.progress(external_id=version, external_url=url)
        return Outcome(
            summary=summary,
            variables={"BucketName": bucket, "ObjectKey": key, "ETag": etag, "VersionId": version},
            revision=Revision(
                artifact_name=output.name,
                revision_id=version,
                change_id=etag[:100],
                summary=summary,
                created=head["LastModified"],
                url=url,
            ),
        )


def _head(client: Any, bucket: str, key: str, version: str | None) -> dict[str, Any]:
    try:
        head: dict[str, Any] = client.head_object(
            Bucket=bucket, Key=key, **({"VersionId": version} if version else {})
        )
    except ClientError as error:
        if error.response["Error"].get("Code") not in {"404", "NoSuchKey", "NoSuchVersion"}:
            raise
        wanted = f"s3://{bucket}/{key}" + (f" in version {version}" if version else "")
        raise ActionFailedError(
            "ConfigurationError",
            f"The object with key '{key}' does not exist in bucket '{bucket}': upload {wanted}, then"
            " start the pipeline again",
        ) from error
    return head
