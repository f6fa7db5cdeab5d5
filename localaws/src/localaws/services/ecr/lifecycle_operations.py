"""The preview of a lifecycle policy. localaws keeps policies and shows their effect; nothing expires."""

from __future__ import annotations

import json
import threading
from typing import Any

from localaws.core import paging
from localaws.core.context import Context
from localaws.core.errors import AwsError
from localaws.core.provider import operation
from localaws.services.ecr import errors
from localaws.services.ecr.image_store import ImageStore
from localaws.services.ecr.lifecycle import Expiry, expired_images

_PAGE = 100
_COUNT_TYPES = ("imageCountMoreThan", "sinceImagePushed")


class LifecycleOperations:
    """StartLifecyclePolicyPreview and GetLifecyclePolicyPreview."""

    def __init__(self, context: Context, store: ImageStore) -> None:
        self._context = context
        self._store = store
        self._lock = threading.Lock()
        self._previews: dict[str, tuple[str, list[Expiry]]] = {}

    @operation
    def start_lifecycle_policy_preview(self, params: dict[str, Any]) -> dict[str, Any]:
        """Find out what the policy of the request, or else of the repository, would remove."""
        name = params["repositoryName"]
        self._store.repositories.find(name, params.get("registryId"))
        policy = params.get("lifecyclePolicyText") or self._store.repositories.lifecycle_policy(
            name
        )
        if not policy:
            raise AwsError(
                "LifecyclePolicyNotFoundException",
                f"Lifecycle policy does not exist for the repository with name '{name}' in the registry "
                f"with id '{self._store.registry_id}'",
            )
        _check(policy)
        found = expired_images(policy, self._store.images(name), self._context.clock.now())
        with self._lock:
            self._previews[name] = policy, found
        return {**self._named(name), "lifecyclePolicyText": policy, "status": "IN_PROGRESS"}

    @operation
    def get_lifecycle_policy_preview(self, params: dict[str, Any]) -> dict[str, Any]:
        """The images that the last preview found."""
        name = params["repositoryName"]
        self._store.repositories.find(name, params.get("registryId"))
        with self._lock:
            preview = self._previews.get(name)
        if preview is None:
            raise AwsError(
                "LifecyclePolicyPreviewNotFoundException",
                f"Lifecycle policy preview does not exist for the repository with name '{name}' in the "
                f"registry with id '{self._store.registry_id}'",
            )
        policy, found = preview
        page, token = paging.page(
            found,
            lambda expiry: expiry.image.digest,
            listing=("GetLifecyclePolicyPreview", name),
            token=params.get("nextToken"),
            size=params.get("maxResults", _PAGE),
            invalid_token=lambda text: errors.invalid_parameter(
                "nextToken", f"'{text}' is not a token of this preview"
            ),
        )
        return {
            **self._named(name),
            "lifecyclePolicyText": policy,
            "status": "COMPLETE",
            "nextToken": token,
            "previewResults": [
                {
                    "imageTags": list(expiry.image.tags),
                    "imageDigest": expiry.image.digest,
                    "imagePushedAt": expiry.image.pushed,
                    "action": {"type": "EXPIRE"},
                    "appliedRulePriority": expiry.priority,
                }
                for expiry in page
            ],
            "summary": {"expiringImageTotalCount": len(found)},
        }

    def _named(self, name: str) -> dict[str, str]:
        return {"registryId": self._store.registry_id, "repositoryName": name}


def _check(policy: str) -> None:
    """moto checks a policy that is put, but not the one of a preview."""
    from moto.ecr.exceptions import InvalidParameterException
    from moto.ecr.policy_validation import EcrLifecyclePolicyValidator

    try:
        EcrLifecyclePolicyValidator(policy).validate()
    except InvalidParameterException as error:
        raise AwsError("InvalidParameterException", str(error.message)) from None
    for rule in json.loads(policy)["rules"]:
        found = rule["selection"]["countType"], rule["action"]["type"]
        if found[0] not in _COUNT_TYPES or found[1] != "expire":
            raise AwsError(
                "NotImplementedException",
                f"localaws does not preview a rule with countType={found[0]!r} and action {found[1]!r}. "
                f"It previews the action 'expire' with {' or '.join(_COUNT_TYPES)}.",
            )
