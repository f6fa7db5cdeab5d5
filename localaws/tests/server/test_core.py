"""What every client meets first: the server, its command, and its refusals."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from localaws.core.context import ACCOUNT_ID


def aws_cli(localaws, *arguments):
    return subprocess.run(
        [Path(sys.executable).parent / "aws", *arguments],
        env=localaws.environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_health_says_who_and_where(localaws):
    with urllib.request.urlopen(f"{localaws.endpoint_url}/_localaws/health") as answer:
        health = json.load(answer)
    assert health["status"] == "running"
    assert health["account_id"] == ACCOUNT_ID
    assert health["endpoint_url"] == localaws.endpoint_url


def test_the_server_listens_on_loopback_only(localaws):
    port = int(localaws.endpoint_url.rsplit(":", 1)[1])
    listening = set()
    for line in Path(f"/proc/{localaws.pid}/net/tcp").read_text().splitlines()[1:]:
        address, state = line.split()[1], line.split()[3]
        if state == "0A" and int(address.split(":")[1], 16) == port:
            listening.add(address.split(":")[0])
    assert listening == {"0100007F"}  # 127.0.0.1, as the kernel writes it


def test_the_aws_cli_needs_nothing_but_the_endpoint_url(localaws):
    made = aws_cli(localaws, "s3", "mb", "s3://made-by-the-cli")
    assert made.returncode == 0, made.stderr
    assert "made-by-the-cli" in aws_cli(localaws, "s3", "ls").stdout


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["codepipeline", "list-webhooks"], "codepipeline:ListWebhooks"),
        (["lambda", "get-account-settings"], "lambda:GetAccountSettings"),
        (["ssm", "describe-effective-patches-for-patch-baseline", "--baseline-id", "pb-" + "0" * 17],
         "describe_effective_patches_for_patch_baseline"),
        (["apprunner", "list-services"], "no such service"),
    ],
)  # fmt: skip
def test_what_is_not_emulated_is_refused_by_name_and_at_once(localaws, arguments, named):
    answer = aws_cli(localaws, *arguments)
    assert answer.returncode != 0
    assert "NotImplementedException" in answer.stderr
    assert named in answer.stderr


def test_bad_input_gets_awss_own_error(aws):
    client = aws("codepipeline", parameter_validation=False)
    with pytest.raises(ClientError) as caught:
        client.get_pipeline(name="no/such", version=0)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert "2 validation errors detected: Value 'no/such' at 'name'" in str(caught.value)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
