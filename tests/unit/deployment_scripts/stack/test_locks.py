"""The locks of the checkout and of the Terraform state, and the messages that name their holder."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from landing_zone.commands import quick_deploy, quick_destroy
from landing_zone.core.errors import OperatorError
from landing_zone.core.names import Names
from landing_zone.core.settings import ROOT, load_settings
from landing_zone.stack import locks
from landing_zone.stack.locks import checkout_lock, explained_state_lock
from landing_zone.stack.terraform import TerraformError
from tests.unit.deployment_scripts.fakes import FakeAws, FakeS3

HOLDER = """
import pathlib, sys
from landing_zone.stack.locks import checkout_lock
with checkout_lock("quick-deploy.sh", pathlib.Path(sys.argv[1])):
    print("holds it", flush=True)
    sys.stdin.read()
"""
NAMES = Names(load_settings({}), "123456789012")


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "build/deploy.lock"


@pytest.fixture
def holder(lock: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={"PYTHONPATH": str(ROOT / "deployment-scripts")},
    ) as process:  # fmt: skip
        assert process.stdout
        assert process.stdout.readline() == "holds it\n"
        yield process
        process.kill()


def test_the_second_script_waits_and_names_the_first(
    lock: Path, holder: subprocess.Popen[str]
) -> None:
    said: list[str] = []

    def sleep(_: float) -> None:
        holder.communicate()  # the first ends

    with checkout_lock("quick-destroy.sh", lock, say=said.append, sleep=sleep):
        assert json.loads(lock.read_text())["script"] == "quick-destroy.sh"

    assert len(said) == 1
    assert said[0].startswith(f"waiting for quick-deploy.sh (pid {holder.pid}, since 20")


def test_a_killed_process_holds_no_lock(lock: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()

    with checkout_lock("quick-deploy.sh", lock, wait_seconds=0):
        pass


def test_waiting_is_limited(lock: Path, holder: subprocess.Popen[str]) -> None:
    message = rf"quick-deploy\.sh \(pid {holder.pid}, .*Wait until it has ended or stop it"

    with (
        pytest.raises(OperatorError, match=message),
        checkout_lock("quick-deploy.sh", lock, wait_seconds=0),
    ):
        pass


@pytest.mark.parametrize("command", [quick_deploy, quick_destroy])
def test_deploy_and_destroy_hold_the_lock(command: object, monkeypatch: pytest.MonkeyPatch) -> None:
    class TakenError(Exception):
        pass

    def taken(script: str) -> None:
        raise TakenError(script)

    monkeypatch.setattr(locks, "checkout_lock", taken)
    for module in (quick_deploy, quick_destroy):
        monkeypatch.setattr(module, "Aws", lambda _: FakeAws())
    args = argparse.Namespace(yes=True, quiet=True)

    with pytest.raises(TakenError, match=r"^quick-(deploy|destroy)\.sh$"):
        command.run(args, load_settings({}))  # type: ignore[attr-defined]


def locked_state(body: bytes) -> FakeS3:
    s3 = FakeS3(NAMES.state_bucket)
    key = f"{NAMES.settings.state_key}.tflock"
    s3.put_object(Bucket=NAMES.state_bucket, Key=key, Body=body)
    return s3


def test_a_locked_state_names_holder_time_and_next_step() -> None:
    lock = {
        "ID": "c7d0-1", "Operation": "OperationTypeApply", "Info": "", "Who": "ann@laptop",
        "Version": "1.11.4", "Created": "2026-01-02T03:04:05.678Z", "Path": "b/k",
    }  # fmt: skip
    s3 = locked_state(json.dumps(lock).encode())

    with pytest.raises(OperatorError) as caught, explained_state_lock(s3, NAMES):
        raise TerraformError("terraform plan failed")

    for text in (
        "state of ml-core-development is locked by ann@laptop since 2026-01-02T03:04:05.678Z",
        "OperationTypeApply", "wait until it has ended", "force-unlock c7d0-1",
    ):  # fmt: skip
        assert text in str(caught.value)


@pytest.mark.parametrize("s3", [FakeS3(NAMES.state_bucket), FakeS3(), locked_state(b"what?")])
def test_another_failure_of_terraform_is_raised_unchanged(s3: FakeS3) -> None:
    with (
        pytest.raises(TerraformError, match="terraform plan failed"),
        explained_state_lock(s3, NAMES),
    ):
        raise TerraformError("terraform plan failed")
