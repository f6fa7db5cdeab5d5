"""What of a commit Terraform would have to deploy: compared with what was applied last.

Git alone cannot tell: a run may have failed, or somebody may have deployed by hand. So the step apply
records the hash of everything that goes into a plan together with the state that the apply left behind. A
commit with the same hash, while the state is still that one, has nothing to plan.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from landing_zone.core.aws import error_code
from landing_zone.core.names import Names
from landing_zone.core.s3 import read_json
from landing_zone.core.settings import ROOT

# Tests and pages beside the Terraform change nothing that is deployed.
_IGNORED_SUFFIXES = {".md", ".py"}
_INFRA = ("infra", "config/environments", "workflow/state_machines", "build/lambdas")
_CICD = (
    "cicd",
    "config/environments/cicd",
    "infra/modules/encryption",
    "infra/modules/notification",
)
CHANGED, UNCHANGED = "changed", "unchanged"


def infra_hash(root: Path = ROOT) -> str:
    """The hash of what a plan of infra/ is made from, the built packages included; and of cicd/."""
    return _hash(root, (*_INFRA, "cicd"))


def cicd_hash(root: Path = ROOT) -> str:
    """The hash of what a plan of cicd/ is made from."""
    return _hash(root, _CICD)


def state_tag(s3: Any, bucket: str, key: str) -> str:
    """A word that changes with each change of the state; empty without a state. Its content stays unread."""
    try:
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=key)
    except ClientError as error:
        if error_code(error) in {"NoSuchBucket", "404"}:
            return ""
        raise
    found = [item["ETag"] for item in listed.get("Contents", []) if item["Key"] == key]
    return str(found[0]) if found else ""


def record(s3: Any, names: Names, key: str, content_hash: str, commit: str) -> None:
    """Remember what was applied, beside the state, so that whatever removes the state removes it too."""
    body = {
        "hash": content_hash,
        "state": state_tag(s3, names.state_bucket, key),
        "commit": commit,
    }
    s3.put_object(
        Bucket=names.state_bucket,
        Key=f"{key}.applied",
        Body=json.dumps(body).encode(),
        ContentType="application/json",
    )


def compare(s3: Any, names: Names, key: str, content_hash: str) -> tuple[str, str]:
    """`changed` or `unchanged`, and why."""
    applied = read_json(s3, names.state_bucket, f"{key}.applied")
    if applied is None:
        return CHANGED, "no apply is recorded"
    if applied.get("state") != state_tag(s3, names.state_bucket, key):
        return CHANGED, "the state was changed since the last recorded apply"
    if applied.get("hash") != content_hash:
        return (
            CHANGED,
            f"what is deployed differs from the last apply, commit {applied.get('commit')}",
        )
    return UNCHANGED, f"the same as at the last apply, commit {applied.get('commit')}"


def _hash(root: Path, parts: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for part in sorted(parts):
        for path in _files(root / part):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        is_test = "tests" in path.relative_to(folder).parts
        if path.is_file() and not hidden and not is_test and path.suffix not in _IGNORED_SUFFIXES:
            yield path
