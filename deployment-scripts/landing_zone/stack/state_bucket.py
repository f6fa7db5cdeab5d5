"""The bucket of the Terraform state: versioned, encrypted, closed to the public, TLS only."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from landing_zone.core.aws import Clients, error_code
from landing_zone.core.errors import OperatorError
from landing_zone.core.names import Names, partition_of

_CLOSED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


def ensure_bucket(s3: Any, name: str, *, account: str, region: str, partition: str) -> bool:
    """Create the bucket and protect it; return whether it had to be created."""
    made = _create(s3, name, account, region)
    owner = {"Bucket": name, "ExpectedBucketOwner": account}
    # All of it each time: an interrupted run may have left half of it, and each call is idempotent.
    s3.put_public_access_block(**owner, PublicAccessBlockConfiguration=_CLOSED)
    s3.put_bucket_versioning(**owner, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_encryption(
        **owner,
        ServerSideEncryptionConfiguration={
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"},
                    "BucketKeyEnabled": True,
                }
            ]
        },
    )
    s3.put_bucket_policy(**owner, Policy=json.dumps(tls_only(name, partition)))
    return made


def tls_only(name: str, partition: str) -> dict[str, Any]:
    """A bucket policy that refuses requests without TLS."""
    arn = f"arn:{partition}:s3:::{name}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "DenyInsecureTransport",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }


def _create(s3: Any, name: str, account: str, region: str) -> bool:
    try:
        s3.head_bucket(Bucket=name, ExpectedBucketOwner=account)
    except ClientError as error:
        if error_code(error) in {"403", "AccessDenied"}:
            raise OperatorError(
                f"the bucket {name} exists and account {account} may not use it: it belongs to another "
                "account, or you lack permissions on it. Set STATE_BUCKET to another name"
            ) from error
        if error_code(error) not in {"404", "NoSuchBucket"}:
            raise
    else:
        return False
    # us-east-1 is the default, and CreateBucket refuses it as a LocationConstraint.
    place = {} if region == "us-east-1" else {"LocationConstraint": region}
    options = {"CreateBucketConfiguration": place} if place else {}
    s3.create_bucket(Bucket=name, ObjectOwnership="BucketOwnerEnforced", **options)
    return True


def ensure_state_bucket(aws: Clients, names: Names) -> None:
    """Create the state bucket of these settings, or protect the existing one again; print which."""
    region = names.settings.region
    made = ensure_bucket(
        aws.client("s3"),
        names.state_bucket,
        account=names.account,
        region=region,
        partition=partition_of(region),
    )
    print(f"state bucket {names.state_bucket}: {'created' if made else 'exists'}")
