"""Clients that differ from boto3's defaults, and answers in a simpler form."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config

from common.job import Credentials


def artifact_s3(credentials: Credentials) -> Any:
    """S3 with the credentials of the job, which are the ones that may use the artifact store."""
    return boto3.client(
        "s3",
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        aws_session_token=credentials.session_token,
        # Objects encrypted with KMS are served to signature version 4 only.
        config=Config(signature_version="s3v4"),
    )


def tags_of(sagemaker: Any, arn: str) -> dict[str, str]:
    """The tags of a resource of SageMaker: at most 50, which are one page of ListTags."""
    return {tag["Key"]: tag["Value"] for tag in sagemaker.list_tags(ResourceArn=arn)["Tags"]}
