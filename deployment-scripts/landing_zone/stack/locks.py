"""One deployment at a time: the lock of this checkout, and the lock of the Terraform state.

The checkout has one build/ folder, so a second deploy waits for the first. Deploys from other checkouts and
machines are kept apart by Terraform, with a lock file beside the state in S3.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from botocore.exceptions import ClientError

from landing_zone.core.errors import OperatorError
from landing_zone.core.names import Names
from landing_zone.core.settings import ROOT
from landing_zone.stack.terraform import TerraformError

CHECKOUT_LOCK = ROOT / "build/deploy.lock"
WAIT_SECONDS = 600.0


@contextmanager
def checkout_lock(
    script: str,
    path: Path = CHECKOUT_LOCK,
    *,
    wait_seconds: float = WAIT_SECONDS,
    say: Callable[[str], None] = print,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[None]:
    """Hold the lock of this checkout, after waiting for the script that holds it now.

    The operating system releases the lock when the process ends, however it ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        deadline = time.monotonic() + wait_seconds
        said = ""
        while not _acquire(file):
            holder = _holder(path)
            if time.monotonic() >= deadline:
                raise OperatorError(
                    f"{holder} has worked in this checkout for longer than {wait_seconds:.0f} s. "
                    f"Wait until it has ended or stop it, then run {script} again"
                )
            if said != holder:
                said = holder
                say(f"waiting for {holder}, which works in this checkout")
            sleep(0.5)
        since = datetime.now(UTC).isoformat(sep=" ", timespec="seconds")
        file.truncate(0)
        file.write(json.dumps({"script": script, "pid": os.getpid(), "since": since}))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


@contextmanager
def explained_state_lock(s3: Any, names: Names, state_key: str = "") -> Iterator[None]:
    """When Terraform fails because the state is locked, say by whom, since when, and what to do."""
    try:
        yield
    except TerraformError as error:
        lock = read_state_lock(s3, names, state_key)
        if lock is None:
            raise
        raise OperatorError(
            f"the Terraform state of {names.settings.prefix} is locked by {lock['Who']} since "
            f"{lock['Created']} ({lock['Operation']}). If that command still runs, wait until it has "
            "ended and run this one again. If it was interrupted, remove its lock: "
            "source deployment-scripts/env.sh, then "
            f'"$TERRAFORM" -chdir=infra force-unlock {lock["ID"]}'
        ) from error


def read_state_lock(s3: Any, names: Names, state_key: str = "") -> dict[str, str] | None:
    """Who holds the lock of the Terraform state, as Terraform wrote it; None when it is not locked."""
    try:
        key = f"{state_key or names.settings.state_key}.tflock"
        answer = s3.get_object(Bucket=names.state_bucket, Key=key)
        lock = json.loads(answer["Body"].read())
        return {name: str(lock[name]) for name in ("ID", "Who", "Created", "Operation")}
    except (ClientError, ValueError, KeyError, TypeError):
        return None


def _acquire(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f"{holder['script']} (pid {holder['pid']}, since {holder['since']})"
    except (ValueError, KeyError):
        # It has acquired the lock this moment and not written its name yet.
        return "another script"
