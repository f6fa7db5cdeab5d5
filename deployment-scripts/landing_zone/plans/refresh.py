"""What a refresh found to be changed outside of Terraform, without what nobody changed.

resource_drift of a plan has every attribute that the refresh found to be different, also where nobody changed
anything: a list that AWS returns empty and Terraform had left out, or the policy of a bucket, which another
resource of the same state has set since. What remains after those two is drift.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from landing_zone.plans.document import Difference, differences_at, secrets_in, secrets_of

# A computed attribute: the type of the resource that sets it, and the argument that names the owner.
_SET_BY = {
    ("aws_ecr_repository", "policy"): ("aws_ecr_repository_policy", "repository"),
    ("aws_iam_role", "inline_policy"): ("aws_iam_role_policy", "role"),
    ("aws_iam_role", "managed_policy_arns"): ("aws_iam_role_policy_attachment", "role"),
    ("aws_kms_key", "policy"): ("aws_kms_key_policy", "key_id"),
    ("aws_s3_bucket", "acl"): ("aws_s3_bucket_acl", "bucket"),
    ("aws_s3_bucket", "cors_rule"): ("aws_s3_bucket_cors_configuration", "bucket"),
    ("aws_s3_bucket", "grant"): ("aws_s3_bucket_acl", "bucket"),
    ("aws_s3_bucket", "lifecycle_rule"): ("aws_s3_bucket_lifecycle_configuration", "bucket"),
    ("aws_s3_bucket", "logging"): ("aws_s3_bucket_logging", "bucket"),
    ("aws_s3_bucket", "policy"): ("aws_s3_bucket_policy", "bucket"),
    ("aws_s3_bucket", "server_side_encryption_configuration"): (
        "aws_s3_bucket_server_side_encryption_configuration",
        "bucket",
    ),
    ("aws_s3_bucket", "versioning"): ("aws_s3_bucket_versioning", "bucket"),
    ("aws_sns_topic", "policy"): ("aws_sns_topic_policy", "arn"),
    ("aws_sqs_queue", "policy"): ("aws_sqs_queue_policy", "queue_url"),
}
DELETED = "deleted"
CHANGED = "changed"


@dataclass(frozen=True)
class Drifted:
    """A resource that was changed or deleted outside of Terraform."""

    address: str
    type: str
    what: str
    differences: tuple[Difference, ...]

    def document(self) -> dict[str, Any]:
        return {
            "address": self.address,
            "type": self.type,
            "what": self.what,
            "attributes": [
                {"attribute": found.attribute, "before": found.before, "after": found.after}
                for found in self.differences
            ],
        }


def drift_in(plan: Mapping[str, Any]) -> Iterator[Drifted]:
    """Each resource of resource_drift that somebody changed or deleted."""
    companions, secrets = _companions(plan), secrets_in(plan)
    configured = _configured(plan)
    for entry in sorted(plan.get("resource_drift") or [], key=lambda entry: entry["address"]):
        change, kind, address = entry["change"], entry["type"], entry["address"]
        if "delete" in change["actions"]:
            yield Drifted(address, kind, DELETED, ())
            continue
        before, after = change.get("before") or {}, change.get("after") or {}
        found = []
        for name in sorted({*before, *after}):
            # tags holds the tags of this resource alone, tags_all those of the provider too.
            if name == "tags" or _plain(before.get(name)) == _plain(after.get(name)):
                continue
            own = name in configured.get(_without_index(address), set())
            if not own and _explained(kind, name, after, companions):
                continue
            found += differences_at(change, [name], secrets_of(change, secrets))
        if found:
            yield Drifted(address, kind, CHANGED, tuple(found))


def _plain(value: Any) -> Any:
    """The value without what is empty: AWS returns [] or "" where the state has null."""
    if isinstance(value, Mapping):
        found = {key: plain for key, item in value.items() if (plain := _plain(item)) is not None}
        return found or None
    if isinstance(value, list):
        items = [plain for item in value if (plain := _plain(item)) is not None]
        return items or None
    if isinstance(value, str):
        if value.lstrip().startswith(("{", "[")):
            try:
                return _plain(json.loads(value))
            except ValueError:
                return value
        return value or None
    return value


def _explained(
    kind: str,
    name: str,
    after: Mapping[str, Any],
    companions: Mapping[str, list[Mapping[str, Any]]],
) -> bool:
    """Whether another resource of the state sets this attribute, and has set no less than what is there."""
    if (kind, name) not in _SET_BY:
        return False
    other, argument = _SET_BY[kind, name]
    mine = {after.get(key) for key in ("id", "name", "arn", "url", "key_id", "bucket")} - {None, ""}
    owners = [values for values in companions.get(other, []) if values.get(argument) in mine]
    if name == "inline_policy":
        known = {values.get("name") for values in owners}
        return {block.get("name") for block in after[name] or []} <= known
    if name == "managed_policy_arns":
        return set(after[name] or []) <= {values.get("policy_arn") for values in owners}
    return bool(owners)


def _companions(plan: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """The values of every managed resource in the state before the plan, by type."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    root = (((plan.get("prior_state") or {}).get("values")) or {}).get("root_module") or {}
    for resource in _resources(root):
        if resource.get("mode") == "managed":
            found.setdefault(resource["type"], []).append(resource.get("values") or {})
    return found


def _resources(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from module.get("resources") or []
    for child in module.get("child_modules") or []:
        yield from _resources(child)


def _configured(plan: Mapping[str, Any]) -> dict[str, set[str]]:
    """The arguments that the configuration sets, by address without indices."""
    found: dict[str, set[str]] = {}

    def visit(module: Mapping[str, Any], prefix: str) -> None:
        for resource in module.get("resources") or []:
            found[f"{prefix}{resource['address']}"] = set(resource.get("expressions") or {})
        for name, call in (module.get("module_calls") or {}).items():
            visit(call.get("module") or {}, f"{prefix}module.{name}.")

    visit((plan.get("configuration") or {}).get("root_module") or {}, "")
    return found


def _without_index(address: str) -> str:
    """module.storage.aws_s3_bucket.this["source"] -> module.storage.aws_s3_bucket.this"""
    text, inside, quoted, escaped = "", 0, False, False
    for character in address:
        if quoted:
            quoted = character != '"' or escaped
            escaped = character == "\\" and not escaped
        elif character == '"':
            quoted = True
        elif character == "[":
            inside += 1
        elif character == "]":
            inside -= 1
        elif not inside:
            text += character
    return text
