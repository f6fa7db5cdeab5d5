from __future__ import annotations

import json

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.core.names import partition_of
from landing_zone.stack.state_bucket import ensure_bucket
from tests.unit.deployment_scripts.fakes import FakeS3

ACCOUNT = "123456789012"


def ensure(s3: FakeS3, region: str = "eu-west-1") -> bool:
    return ensure_bucket(
        s3, "state", account=ACCOUNT, region=region, partition=partition_of(region)
    )


def test_makes_a_protected_bucket() -> None:
    s3 = FakeS3()

    assert ensure(s3)

    calls = dict(s3.calls)
    assert calls["create_bucket"]["CreateBucketConfiguration"] == {
        "LocationConstraint": "eu-west-1"
    }
    assert all(calls["put_public_access_block"]["PublicAccessBlockConfiguration"].values())
    assert calls["put_bucket_versioning"]["VersioningConfiguration"] == {"Status": "Enabled"}
    rule = calls["put_bucket_encryption"]["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms"}
    statement = json.loads(calls["put_bucket_policy"]["Policy"])["Statement"][0]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == ["arn:aws:s3:::state", "arn:aws:s3:::state/*"]


def test_us_east_1_is_no_location_constraint() -> None:
    s3 = FakeS3()

    ensure(s3, "us-east-1")

    assert "CreateBucketConfiguration" not in dict(s3.calls)["create_bucket"]


def test_an_existing_bucket_is_protected_again_and_not_created() -> None:
    s3 = FakeS3("state")

    assert not ensure(s3)

    assert "create_bucket" not in dict(s3.calls)
    assert "put_bucket_policy" in dict(s3.calls)


def test_refuses_a_bucket_of_another_account() -> None:
    s3 = FakeS3("state", owner="999999999999")

    with pytest.raises(OperatorError, match="bucket state exists and account 123456789012 may not"):
        ensure(s3)

    assert s3.calls == []


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_partition(region: str, partition: str) -> None:
    assert partition_of(region) == partition
