import json

import pytest
from moto.iam.access_control import PermissionResult

from localaws.services.s3.bucket_policy import get_permission


@pytest.mark.parametrize(
    ("conditions", "met"),
    [
        ({}, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, False),
        ({"Bool": {"aws:SecureTransport": ["true"]}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, False),
        ({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}, True),
        ({"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}, True),
        ({"Null": {"s3:x-amz-server-side-encryption": "true"}}, True),
        ({"Null": {"s3:x-amz-server-side-encryption": "false"}}, False),
        ({"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"a:b": "c"}}, False),
    ],
)
def test_conditions_are_read_as_aws_reads_them(conditions, met):
    bucket = FakeBucket({**DENY, "Condition": conditions})
    expected = PermissionResult.DENIED if met else PermissionResult.NEUTRAL
    assert get_permission(bucket, "s3:PutObject", "arn:aws:s3:::b/k") is expected


class FakeBucket:
    def __init__(self, *statements):
        self.policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)}).encode()


DENY = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*"}


def test_a_tls_only_bucket_takes_what_comes_from_this_machine():
    bucket = FakeBucket({**DENY, "Condition": {"Bool": {"aws:SecureTransport": "false"}}})
    assert get_permission(bucket, "s3:PutObject", "arn:aws:s3:::b/k") is PermissionResult.NEUTRAL


def test_a_denial_that_applies_denies():
    assert get_permission(FakeBucket(DENY), "s3:PutObject", "arn:aws:s3:::b/k") is (
        PermissionResult.DENIED
    )


def test_a_bucket_without_policy_says_nothing():
    bucket = FakeBucket()
    bucket.policy = None
    assert get_permission(bucket, "s3:PutObject", "arn:aws:s3:::b/k") is PermissionResult.NEUTRAL
