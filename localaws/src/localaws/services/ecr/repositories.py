"""moto's records of the repositories, and what their settings mean."""

from __future__ import annotations

import re
from datetime import UTC
from typing import Any

from localaws.services.ecr import errors


class ImageRepositories:
    """The repositories of one account and region.

    moto keeps them: it creates and describes them, with their policies, tags and settings. It does not get
    the images.
    """

    def __init__(self, account_id: str, region: str) -> None:
        self._account_id = account_id
        self._region = region

    def find(self, name: str, registry: str | None = None) -> Any:
        """moto's record of a repository.

        Raises:
            AwsError: RepositoryNotFoundException.
        """
        found = self._backend().repositories.get(name)
        if found is None or registry not in (None, self._account_id):
            raise errors.repository_not_found(name, registry or self._account_id)
        return found

    def exists(self, name: str) -> bool:
        """Whether there is a repository of this name."""
        return name in self._backend().repositories

    def names(self) -> list[str]:
        """The names of all repositories, sorted."""
        return sorted(self._backend().repositories)

    def delete(self, name: str) -> dict[str, Any]:
        """Forget a repository. Returns its description."""
        repository = self._backend().delete_repository(name, None, force=True)
        return {
            "repositoryArn": repository.arn,
            "registryId": repository.registry_id,
            "repositoryName": repository.name,
            "repositoryUri": repository.uri,
            # moto's times are UTC without saying so.
            "createdAt": repository.created_at.replace(tzinfo=UTC),
            "imageTagMutability": _text(repository.image_tag_mutability),
        }

    def is_immutable(self, name: str, tag: str) -> bool:
        """Whether a tag of a repository stays with its image."""
        repository = self.find(name)
        mutability = _text(repository.image_tag_mutability)
        filters = repository.image_tag_mutability_exclusion_filters or []
        excluded = any(_matches(item["filter"], tag) for item in filters)
        return mutability.startswith("IMMUTABLE") != excluded

    def scans_on_push(self, name: str) -> bool:
        """Whether the settings of a repository, or of the registry, ask for a scan of each pushed image."""
        repository = self.find(name)
        return bool(
            repository.image_scanning_configuration.get("scanOnPush")
            or repository.scanning_config.get("scanFrequency")
            in ("SCAN_ON_PUSH", "CONTINUOUS_SCAN")
        )

    def lifecycle_policy(self, name: str) -> str | None:
        """The text of the lifecycle policy of a repository."""
        text: str | None = self.find(name).lifecycle_policy
        return text

    def _backend(self) -> Any:
        from moto.ecr.models import ecr_backends

        return ecr_backends[self._account_id][self._region]


def _text(value: Any) -> str:
    return str(getattr(value, "value", value))


def _matches(wildcard: str, tag: str) -> bool:
    pattern = ".*".join(map(re.escape, wildcard.split("*")))
    return re.fullmatch(pattern, tag) is not None
