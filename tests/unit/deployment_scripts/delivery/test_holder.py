from __future__ import annotations

import json
from typing import Any

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.core.names import Names
from landing_zone.core.settings import load_settings
from landing_zone.delivery.holder import Holder
from tests.unit.deployment_scripts.fakes import FakeAws, FakeS3

NAMES = Names(load_settings({}), "123456789012")
BUCKET, KEY = NAMES.state_bucket, NAMES.settings.state_key
LOCK = {
    "ID": "lock-1",
    "Who": "root@build",
    "Created": "2026-01-02T03:04:05Z",
    "Operation": "Apply",
}


class FakeCodeBuild:
    """Builds by id: whether each has ended."""

    def __init__(self, **complete: bool) -> None:
        self.complete = complete

    def batch_get_builds(self, ids: list[str]) -> dict[str, Any]:
        return {
            "builds": [
                {
                    "id": name,
                    "buildComplete": done,
                    "buildStatus": "STOPPED" if done else "IN_PROGRESS",
                }
                for name, done in self.complete.items()
                if name in ids
            ]
        }


class FakeTerraform:
    def __init__(self) -> None:
        self.unlocked: list[str] = []

    def force_unlock(self, lock_id: str) -> None:
        self.unlocked.append(lock_id)


def holder(lock: dict[str, str] | None, record: dict[str, str] | None, **builds: bool) -> Holder:
    s3 = FakeS3(BUCKET)
    if lock:
        s3.put_object(Bucket=BUCKET, Key=f"{KEY}.tflock", Body=json.dumps(lock).encode())
    if record:
        s3.put_object(Bucket=BUCKET, Key=f"{KEY}.holder", Body=json.dumps(record).encode())
    return Holder(FakeAws(s3=s3, codebuild=FakeCodeBuild(**builds)), NAMES)


def record(lock: str = "lock-1") -> dict[str, str]:
    return {"lock": lock, "build": "apply1", "execution": "run-1"}


def test_without_a_lock_nothing_happens() -> None:
    terraform = FakeTerraform()

    holder(None, record(), apply1=True).recover(terraform)  # type: ignore[arg-type]

    assert terraform.unlocked == []


def test_the_lock_of_a_build_that_has_ended_is_removed(capsys: pytest.CaptureFixture[str]) -> None:
    terraform = FakeTerraform()

    holder(LOCK, record(), apply1=True).recover(terraform)  # type: ignore[arg-type]

    assert terraform.unlocked == ["lock-1"]
    said = capsys.readouterr().out
    assert "locked by root@build since 2026-01-02T03:04:05Z" in said
    assert "build apply1 (execution run-1) has ended as STOPPED" in said


@pytest.mark.parametrize(
    ("lock", "found", "builds", "message"),
    [
        (LOCK, record(), {"apply1": False}, "which still runs"),
        (LOCK, record(), {}, "CodeBuild no longer knows"),
        (LOCK, record("lock-0"), {"apply1": True}, "left alone"),
        (LOCK, None, {"apply1": True}, "left alone"),
    ],
    ids=["a running build", "an unknown build", "another lock", "no record"],
)
def test_every_other_lock_is_left_alone(
    lock: dict[str, str], found: dict[str, str] | None, builds: dict[str, bool], message: str
) -> None:
    terraform = FakeTerraform()

    with pytest.raises(OperatorError, match=message):
        holder(lock, found, **builds).recover(terraform)  # type: ignore[arg-type]

    assert terraform.unlocked == []


def test_the_lock_is_recorded_once_terraform_works_under_it() -> None:
    s3 = FakeS3(BUCKET)
    s3.put_object(Bucket=BUCKET, Key=f"{KEY}.tflock", Body=json.dumps(LOCK).encode())
    listen = Holder(FakeAws(s3=s3), NAMES).listener("apply1", "run-1")

    # The lock may still be that of somebody else.
    listen("Acquiring state lock. This may take a few moments...")
    assert f"{KEY}.holder" not in s3.buckets[BUCKET]
    listen("aws_s3_bucket.this: Modifying... [id=x]")

    assert json.loads(s3.buckets[BUCKET][f"{KEY}.holder"]["Body"]) == record()


def test_a_person_is_not_recorded_as_a_build() -> None:
    s3 = FakeS3(BUCKET)
    s3.put_object(Bucket=BUCKET, Key=f"{KEY}.tflock", Body=json.dumps(LOCK).encode())

    Holder(FakeAws(s3=s3), NAMES).listener("", "")("aws_s3_bucket.this: Creating...")

    assert f"{KEY}.holder" not in s3.buckets[BUCKET]
