"""What every client meets first: the server, its command, and its refusals."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import psutil
import pytest
from botocore.exceptions import ClientError

from localaws.core.context import ACCOUNT_ID


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "localaws", *arguments],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


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
    pid = json.loads((localaws.state_dir / "localaws.json").read_text())["pid"]
    listening = set()
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
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


def test_start_is_idempotent_and_stop_leaves_nothing(tmp_path):
    place = ["--state-dir", str(tmp_path)]
    started = command("start", "--port", "0", *place)
    assert started.returncode == 0, started.stdout
    pid = json.loads((tmp_path / "localaws.json").read_text())["pid"]
    again = command("start", "--port", "0", *place)
    assert (again.returncode, f"pid {pid}" in again.stdout) == (0, True)
    assert str(pid) in command("status", *place).stdout
    assert "listening on" in command("logs", *place).stdout
    assert command("stop", *place).returncode == 0
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    assert command("status", *place).returncode == 1
    assert command("stop", *place).returncode == 0
    assert not (tmp_path / "work").exists()


def test_a_taken_port_is_named(localaws, tmp_path):
    port = localaws.endpoint_url.rsplit(":", 1)[1]
    refused = command("start", "--port", port, "--state-dir", str(tmp_path))
    assert refused.returncode == 1
    assert f"If port {port} is taken" in refused.stdout
