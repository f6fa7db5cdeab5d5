"""The endpoints of a use case, dev and prod, and which versions they serve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from landing_zone.core.aws import Clients, error_code, find_endpoint
from landing_zone.models.registry import Version


@dataclass(frozen=True)
class Live:
    """What an endpoint serves."""

    endpoint: str
    status: str
    config: str
    package: str
    modified: datetime

    def version(self, versions: Iterable[Version]) -> Version | None:
        """The version among those of the group."""
        return next((version for version in versions if version.arn == self.package), None)


class Endpoints:
    """What endpoints serve, by the tags of their configurations."""

    def __init__(self, aws: Clients) -> None:
        self._api = aws.client("sagemaker")

    def live(self, endpoint: str) -> Live | None:
        """What an endpoint serves; None when there is no such endpoint."""
        found = find_endpoint(self._api, endpoint)
        if found is None:
            return None
        name = found.get("EndpointConfigName", "")
        package = self.package_of(name) if name else ""
        return Live(endpoint, found["EndpointStatus"], name, package, found["LastModifiedTime"])

    def package_of(self, config: str) -> str:
        """The model package that a configuration serves; empty where nothing says it."""
        try:
            described = self._api.describe_endpoint_config(EndpointConfigName=config)
        except ClientError as error:
            if error_code(error) != "ValidationException":
                raise
            return ""
        tags = self.tags(described["EndpointConfigArn"])
        return tags.get("ModelPackageArn") or self._package_of_model(_variants(described)[0])

    def package_of_variant(self, endpoint: str, variant: str) -> str:
        """The model package that one variant of an endpoint serves; empty where nothing says it."""
        live = self.live(endpoint)
        if live is None:
            return ""
        described = self._api.describe_endpoint_config(EndpointConfigName=live.config)
        chosen = [item for item in _variants(described) if item["VariantName"] == variant]
        tags = self.tags(described["EndpointConfigArn"])
        number = tags.get(f"ModelVersion.{variant}")
        if number and live.package:
            # The versions of the variants are of the same group.
            return f"{live.package.rpartition('/')[0]}/{number}"
        return self._package_of_model(chosen[0]) if chosen else ""

    def tags(self, arn: str) -> dict[str, str]:
        pages = self._api.get_paginator("list_tags").paginate(ResourceArn=arn)
        return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}

    def _package_of_model(self, variant: Mapping[str, Any]) -> str:
        """The package that the model of a variant was made from, as it is recorded with the model."""
        try:
            model = self._api.describe_model(ModelName=variant["ModelName"])
        except ClientError as error:
            if error_code(error) != "ValidationException":
                raise
            return ""
        containers = [model.get("PrimaryContainer", {}), *model.get("Containers", [])]
        named = [item["ModelPackageName"] for item in containers if "ModelPackageName" in item]
        return str(named[0]) if named else self.tags(model["ModelArn"]).get("ModelPackageArn", "")


def _variants(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = config["ProductionVariants"]
    return found
