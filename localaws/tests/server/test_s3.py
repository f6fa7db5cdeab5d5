"""Corrections of moto's S3 that the landing zone's buckets need."""

import json

import pytest
from botocore.exceptions import ClientError

BUCKET = "landing-zone-buckets"


@pytest.fixture(scope="module")
def s3(aws):
    client = aws("s3")
    client.create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    return client


def statement(effect, **more):
    return {
        "Effect": effect,
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"],
        **more,
    }


def put_policy(client, *statements):
    client.put_bucket_policy(
        Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements})
    )


def test_a_tls_only_bucket_can_be_used(s3):
    put_policy(s3, statement("Deny", Condition={"Bool": {"aws:SecureTransport": "false"}}))
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"1")
    assert s3.get_object(Bucket=BUCKET, Key="a")["Body"].read() == b"1"


def test_a_denial_without_condition_denies(s3):
    put_policy(s3, statement("Deny"))
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket=BUCKET, Key="a", Body=b"1")
    s3.delete_bucket_policy(Bucket=BUCKET)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_the_eventbridge_switch_is_in_the_answer(s3):
    def answer():
        found = s3.get_bucket_notification_configuration(Bucket=BUCKET)
        found.pop("ResponseMetadata")
        return found

    assert answer() == {}
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    assert answer() == {"EventBridgeConfiguration": {}}
