"""The policies of identities and resources, which moto keeps."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, Final

from localaws.core.context import ACCOUNT_ID
from localaws.services.iam.document import Document, DocumentError, parse

_log = logging.getLogger(__name__)
_PARTITION: Final = "aws"


def iam_backend() -> Any:
    """moto's records of IAM."""
    from moto.iam.models import iam_backends

    return iam_backends[ACCOUNT_ID][_PARTITION]


def find_role(arn: str) -> Any | None:
    """moto's record of the role with an ARN."""
    return next((role for role in list(iam_backend().roles.values()) if role.arn == arn), None)


def find_user(arn: str) -> Any | None:
    """moto's record of the user with an ARN."""
    return next((user for user in list(iam_backend().users.values()) if user.arn == arn), None)


def identity_policies(entity: Any) -> tuple[Document, ...]:
    """The inline and attached policies of a role, or of a user with those of its groups."""
    return parsed(identity_texts(entity))


def identity_texts(entity: Any) -> list[tuple[str, str]]:
    """The names and texts of the policies of a role or a user."""
    holders = [entity]
    if hasattr(entity, "group_list"):
        holders += iam_backend().get_groups_for_user(entity.name)
    return [found for holder in holders for found in _texts_of(holder)]


def boundary(entity: Any) -> Document | None:
    """The permissions boundary of a role. moto has none for users."""
    found = boundary_text(entity)
    if found is None:
        return None
    # A boundary that does not exist allows nothing.
    return next(iter(parsed([found])), Document((), found[0]))


def boundary_text(entity: Any) -> tuple[str, str] | None:
    """The ARN and the text of the permissions boundary of a role."""
    arn = getattr(entity, "permissions_boundary_arn", None)
    if not arn:
        return None
    managed = iam_backend().managed_policies.get(arn)
    return arn, "" if managed is None else _managed_text(managed)


def parsed(texts: Iterable[tuple[str, str]]) -> tuple[Document, ...]:
    """The documents in pairs of name and text. One that IAM would not parse allows and denies nothing."""
    documents = []
    for name, text in texts:
        try:
            documents.append(parse(text, name))
        except DocumentError as error:
            _log.warning("the policy %s counts for nothing: %s", name, error)
    return tuple(documents)


def _texts_of(holder: Any) -> list[tuple[str, str]]:
    inline = [(name, text) for name, text in list(holder.policies.items())]
    attached = [
        (policy.arn, _managed_text(policy)) for policy in list(holder.managed_policies.values())
    ]
    return [*inline, *attached]


def _managed_text(policy: Any) -> str:
    version = next((item for item in policy.versions if item.is_default), None)
    return str(version.document) if version is not None else ""


def key_arn(key_id: str, region: str = "") -> str:
    """The ARN of a KMS key by its id, ARN or alias; empty for one that does not exist."""
    found = find_key(key_id, region)
    return "" if found is None else str(found.arn)


def find_key(key_id: str, region: str = "") -> Any | None:
    """moto's record of a KMS key, by its id, ARN or alias. Without a region all are searched."""
    from moto.kms.models import kms_backends

    if key_id.startswith("arn:"):
        region, key_id = key_id.split(":")[3], key_id.split(":", 5)[5].removeprefix("key/")
    backends = kms_backends[ACCOUNT_ID]
    for name in [region] if region else list(backends):
        backend = backends[name]
        if key_id in backend.keys:
            return backend.keys[key_id]
        found = next((key for key in list(backend.keys.values()) if key_id in key.aliases), None)
        if found is not None:
            return found
    return None


def resource_tags(arn: str) -> dict[str, list[str]]:
    """The condition keys of the tags of a resource: of keys, roles and users, whose records have them."""
    service = arn.split(":")[2] if arn.startswith("arn:") else ""
    if service == "kms":
        from moto.kms.models import kms_backends

        key = find_key(arn) if ":key/" in arn else None
        backend = None if key is None else kms_backends[ACCOUNT_ID][arn.split(":")[3]]
        found = backend.list_resource_tags(key.id)["Tags"] if backend and key is not None else []
        tags = {item["TagKey"]: item["TagValue"] for item in found}
    elif service == "iam":
        entity = find_role(arn) or find_user(arn)
        tags = tags_of(entity.tags) if entity is not None else {}
    else:
        return {}
    return {f"aws:resourcetag/{name.lower()}": [value] for name, value in tags.items()}


def tags_of(tags: Any) -> dict[str, str]:
    """The tags of a record of moto, which has them as a map of objects or as a list."""
    if isinstance(tags, dict):
        return {str(name): str(getattr(value, "value", value)) for name, value in tags.items()}
    return {item["Key"]: item["Value"] for item in tags or []}
