"""An error that localaws itself answers reaches every client with its code and its message."""

import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from localaws.testing import REGION

CALLS = [
    ("iam", "list-users"),
    ("sts", "get-caller-identity"),
    ("s3", "list-buckets"),
    ("sns", "list-topics"),
    ("sqs", "list-queues"),
    ("cloudwatch", "list-metrics"),
    ("lambda", "list-functions"),
    ("logs", "describe-log-groups"),
    ("sagemaker", "list-models"),
]
CALL_IDS = [service for service, _ in CALLS]


@pytest.fixture
def refused_url(localaws):
    """An address at which localaws refuses every request, whatever the service."""
    return localaws.endpoint_url.replace("127.0.0.1", "0.0.0.0")


@pytest.mark.parametrize(("service", "operation"), CALLS, ids=CALL_IDS)
def test_boto3_reads_the_reason(refused_url, service, operation):
    client = boto3.client(
        service,
        endpoint_url=refused_url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )
    with pytest.raises(ClientError) as caught:
        getattr(client, operation.replace("-", "_"))()
    error = caught.value.response
    assert error["Error"]["Code"] == "AccessDeniedException"
    assert "The request is for the host '0.0.0.0:" in error["Error"]["Message"]
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.parametrize(("service", "operation"), CALLS, ids=CALL_IDS)
def test_the_aws_cli_reads_the_reason(localaws, refused_url, service, operation):
    done = subprocess.run(
        [Path(sys.executable).parent / "aws", "--endpoint-url", refused_url,
         service.replace("s3", "s3api"), operation],
        env=localaws.environment,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode != 0
    assert "(AccessDeniedException)" in done.stderr
    assert "The request is for the host '0.0.0.0:" in done.stderr


@pytest.mark.parametrize(
    ("service", "call", "named"),
    [
        (
            "iam",
            lambda c: c.list_policies_granting_service_access(Arn="a" * 20, ServiceNamespaces=["s3"]),
            "list_policies_granting_service_access",
        ),
        ("sts", lambda c: c.decode_authorization_message(EncodedMessage="x"), "decode_authorization"),
        ("sns", lambda c: c.list_origination_numbers(), "list_origination_numbers"),
        ("sqs", lambda c: c.list_message_move_tasks(SourceArn="arn"), "list_message_move_tasks"),
        ("cloudwatch", lambda c: c.list_managed_insight_rules(ResourceARN="arn"), "ListManaged"),
        ("lambda", lambda c: c.get_account_settings(), "GetAccountSettings"),
        ("logs", lambda c: c.list_anomalies(), "list_anomalies"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_an_operation_that_nothing_emulates_is_named(aws, service, call, named):
    with pytest.raises(ClientError) as caught:
        call(aws(service))
    error = caught.value.response["Error"]
    assert error["Code"] == "NotImplementedException"
    assert named in error["Message"]
