"""Who holds the lock of the Terraform state, and when the lock of a build that has ended may be removed.

Terraform's lock names a user and a host, which say nothing about whether the process still runs. So the step
apply records, beside the lock, the lock's own id with the id of its build, as soon as Terraform works under
the lock. A later build removes a lock only when all of this is true:

- the lock has the id that was recorded, so it is not the lock of somebody else;
- CodeBuild says that the build of the record has ended: then its container is gone, and Terraform with it. An
  execution that was stopped or abandoned proves nothing, since its build may go on.

Terraform itself refuses to remove a lock whose id is another one by then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from landing_zone.core.aws import Clients
from landing_zone.core.errors import OperatorError
from landing_zone.core.names import Names
from landing_zone.core.s3 import read_json
from landing_zone.stack.locks import read_state_lock
from landing_zone.stack.terraform import Terraform

# Terraform says this only while it holds the lock.
_WORKS = re.compile(r": (Creating|Modifying|Destroying|Still \w+)\b")


class Holder:
    """The record of who holds the lock of infra/'s state."""

    def __init__(self, aws: Clients, names: Names) -> None:
        self._aws = aws
        self._names = names
        self._s3 = aws.client("s3")
        self._where = {
            "Bucket": names.state_bucket,
            "Key": f"{names.settings.state_key}.holder",
        }

    def listener(self, build: str, execution: str) -> Callable[[str], None]:
        """What records the lock at the first line that proves that Terraform holds it."""
        recorded: list[str] = []

        def listen(line: str) -> None:
            if recorded or not build or not _WORKS.search(line):
                return
            lock = read_state_lock(self._s3, self._names)
            if lock is not None:
                recorded.append(lock["ID"])
                record = {"lock": lock["ID"], "build": build, "execution": execution}
                self._s3.put_object(**self._where, Body=json.dumps(record).encode())

        return listen

    def recover(self, terraform: Terraform) -> None:
        """Remove the lock of a build that has ended; raise who holds it otherwise."""
        lock = read_state_lock(self._s3, self._names)
        if lock is None:
            return
        held = (
            f"the Terraform state of {self._names.settings.prefix} is locked by {lock['Who']} since "
            f"{lock['Created']} ({lock['Operation']}, lock {lock['ID']})"
        )
        record = self._record()
        if record is None or record.get("lock") != lock["ID"]:
            raise OperatorError(
                f"{held}. No build of this pipeline has recorded this lock, so it is left alone. If that "
                "command still runs, wait until it has ended and retry. If it was interrupted, remove its "
                "lock: source deployment-scripts/env.sh, then "
                f'"$TERRAFORM" -chdir=infra force-unlock {lock["ID"]}'
            )
        status = self._build_status(record["build"])
        if status in {"", "IN_PROGRESS"}:
            raise OperatorError(
                f"{held} by the build {record['build']} of execution {record['execution']}, which "
                f"{'still runs' if status else 'CodeBuild no longer knows'}. Nothing was changed: retry "
                "when it has ended"
            )
        print(
            f"{held}. Its build {record['build']} (execution {record['execution']}) has ended as "
            f"{status}, so nothing works under this lock any more: it is removed",
            flush=True,
        )
        terraform.force_unlock(lock["ID"])

    def _record(self) -> dict[str, str] | None:
        record = read_json(self._s3, self._where["Bucket"], self._where["Key"])
        return record if record and {"lock", "build", "execution"} <= set(record) else None

    def _build_status(self, build: str) -> str:
        """The status of a build; IN_PROGRESS until all of it has ended; empty when it is unknown."""
        found = self._aws.client("codebuild").batch_get_builds(ids=[build])["builds"]
        if not found:
            return ""
        return str(found[0]["buildStatus"]) if found[0].get("buildComplete") else "IN_PROGRESS"
