"""Makes the bucket of the Terraform state: versioned, encrypted, closed, TLS only.

    bash deployment-scripts/create-bucket.sh

Run it as often as you like: what is as it should be stays. A bucket of that name in another account
is refused, so the state never goes there.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from botocore.exceptions import ClientError

from landing_zone import cli
from landing_zone.aws import Aws, error_code
from landing_zone.errors import OperatorError
from landing_zone.settings import Settings

_CLOSED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


def ensure_bucket(s3: Any, name: str, *, account: str, region: str, partition: str) -> bool:
    """Make the bucket and its protection; says whether it had to be made."""
    made = _create(s3, name, account, region)
    owner = {"Bucket": name, "ExpectedBucketOwner": account}
    # All of it each time: an interrupted run left a bucket with half of it, and each call is idempotent.
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


def partition_of(region: str) -> str:
    """aws, aws-cn or aws-us-gov."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def _create(s3: Any, name: str, account: str, region: str) -> bool:
    try:
        s3.head_bucket(Bucket=name, ExpectedBucketOwner=account)
    except ClientError as error:
        if error_code(error) in {"403", "AccessDenied"}:
            raise OperatorError(
                f"the bucket {name} exists and account {account} may not use it: it belongs to "
                "somebody else, or your permissions do not reach it. Set STATE_BUCKET to another name"
            ) from error
        if error_code(error) not in {"404", "NoSuchBucket"}:
            raise
    else:
        return False
    # us-east-1 is S3's default and refuses to be named (CreateBucket, LocationConstraint).
    place = {} if region == "us-east-1" else {"LocationConstraint": region}
    options = {"CreateBucketConfiguration": place} if place else {}
    s3.create_bucket(Bucket=name, ObjectOwnership="BucketOwnerEnforced", **options)
    return True


def ensure_state_bucket(aws: Aws, settings: Settings) -> tuple[str, bool]:
    """The state bucket of these settings, and whether it had to be made."""
    name = settings.state_bucket_of(aws.account)
    region = settings.region
    made = ensure_bucket(
        aws.client("s3"),
        name,
        account=aws.account,
        region=region,
        partition=partition_of(region),
    )
    return name, made


def command(_: argparse.Namespace, settings: Settings) -> int:
    name, made = ensure_state_bucket(Aws(settings), settings)
    print(f"state bucket {name}: {'made' if made else 'was there'}")
    return 0


if __name__ == "__main__":
    sys.exit(cli.run_command(command, cli.parser(__doc__)))
