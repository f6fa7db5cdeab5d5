"""The ECR service: the operations that localaws runs itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from localaws.core.context import Context
from localaws.core.provider import Provider, operation
from localaws.services.ecr import tokens
from localaws.services.ecr.image_operations import ImageOperations
from localaws.services.ecr.layer_operations import LayerOperations
from localaws.services.ecr.lifecycle_operations import LifecycleOperations
from localaws.services.ecr.pushed_images import PushedImages
from localaws.services.ecr.scan_operations import ScanOperations


class EcrProvider(Provider):
    """ECR in one account and region."""

    service_name = "ecr"

    # Records of repositories and of the registry, which moto keeps as AWS does.
    delegated = frozenset(
        {
            "CreateRepository", "DescribeRepositories", "DescribeRegistry",
            "ListTagsForResource", "TagResource", "UntagResource",
            "GetLifecyclePolicy", "PutLifecyclePolicy", "DeleteLifecyclePolicy",
            "GetRepositoryPolicy", "SetRepositoryPolicy", "DeleteRepositoryPolicy",
            "GetRegistryPolicy", "PutRegistryPolicy", "DeleteRegistryPolicy",
            "PutImageTagMutability", "PutImageScanningConfiguration",
            "BatchGetRepositoryScanningConfiguration",
            "GetRegistryScanningConfiguration", "PutRegistryScanningConfiguration",
        }
    )  # fmt: skip

    def __init__(self, context: Context) -> None:
        store = context.shared(PushedImages).store(context)
        super().__init__(
            context,
            ImageOperations(store),
            LayerOperations(context, store),
            LifecycleOperations(context, store),
            ScanOperations(context, store),
        )
        # One key signs the passwords for every region, because the registry learns the region from them.
        self._key = context.shared_objects.get(
            tokens.TokenKey, context.account_id, tokens.EVERY_REGION
        )

    @operation
    def get_authorization_token(self, params: dict[str, Any]) -> dict[str, Any]:
        """A password for the registry of this server, which is valid for twelve hours."""
        expires = self.context.clock.now() + tokens.LIFETIME
        registries = params.get("registryIds") or [self.context.account_id]
        return {
            "authorizationData": [
                {
                    "authorizationToken": tokens.encode_basic(
                        tokens.Token(registry, self.context.region, expires).password(self._key)
                    ),
                    "expiresAt": expires - timedelta(microseconds=expires.microsecond),
                    "proxyEndpoint": self.context.endpoint_url,
                }
                for registry in registries
            ]
        }
