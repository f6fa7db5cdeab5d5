"""The ETags of model data, which SageMaker records when a model package is registered."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from localaws.core.context import Context
from localaws.services.sagemaker import errors
from localaws.services.sagemaker.container.s3_data import split_uri


def record_etags(context: Context, specification: dict[str, Any]) -> dict[str, Any]:
    """An InferenceSpecification with the ETag of the model data of each container.

    Raises:
        AwsError: the model data does not exist, or has another ETag than the request says.
    """
    containers = [_recorded(context, container) for container in specification["Containers"]]
    return {**specification, "Containers": containers}


def _recorded(context: Context, container: dict[str, Any]) -> dict[str, Any]:
    uri = container.get("ModelDataUrl")
    if uri:
        etag = _etag(context, uri, container.get("ModelDataETag"))
        return {**container, "ModelDataETag": etag}
    source = container.get("ModelDataSource", {}).get("S3DataSource")
    if source and source["S3DataType"] == "S3Object":
        etag = _etag(context, source["S3Uri"], source.get("ETag"))
        return {**container, "ModelDataSource": {"S3DataSource": {**source, "ETag": etag}}}
    return container


def _etag(context: Context, uri: str, expected: str | None) -> str:
    try:
        bucket, key = split_uri(uri)
        answer = context.client("s3").head_object(Bucket=bucket, Key=key)
    except (ClientError, errors.RequestError):
        raise errors.validation(f"Could not find model data at {uri}.") from None
    found: str = answer["ETag"].strip('"')
    if expected and expected.strip('"') != found:
        raise errors.validation(
            f"The ETag of {uri} is {found}, but the request says {expected}. Give the ETag of the object, "
            "or leave it out."
        )
    return found
