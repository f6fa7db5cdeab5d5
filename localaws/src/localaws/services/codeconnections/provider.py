"""The API of CodeConnections under both of its names."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Final

from localaws.core.context import Context
from localaws.core.errors import AwsError, not_emulated
from localaws.core.paging import page
from localaws.core.provider import Provider, operation
from localaws.services.git.connections import Connection, Connections, unknown_connection

Params = dict[str, Any]
_HOSTED_PROVIDERS: Final = frozenset({"GitHubEnterpriseServer", "GitLabSelfManaged"})
_MAX_TAGS: Final = 200
_PAGE: Final = 100


class CodeConnectionsProvider(Provider):
    """CodeConnections in one account and region."""

    service_name: ClassVar[str] = "codeconnections"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._connections = context.shared(Connections)

    @operation
    def create_connection(self, params: Params) -> Params:
        """CreateConnection. The connection is PENDING."""
        if "HostArn" in params:
            raise not_emulated(self.service_name, "CreateConnection with HostArn")
        provider_type = params.get("ProviderType")
        if provider_type is None:
            raise AwsError(
                "ValidationException", "Either ProviderType or HostArn has to be in the request"
            )
        if provider_type in _HOSTED_PROVIDERS:
            raise not_emulated(
                self.service_name, f"a connection to {provider_type}, which needs a host"
            )
        tags = _checked(params.get("Tags", []), {})
        arn = self.context.arn(self.service_name, f"connection/{uuid.uuid4()}")
        connection = Connection(arn, params["ConnectionName"], provider_type, tags)
        self._connections.add(connection)
        return {"ConnectionArn": arn, "Tags": _as_list(tags)}

    @operation
    def get_connection(self, params: Params) -> Params:
        """GetConnection."""
        return {"Connection": self._view(self._by_arn(params["ConnectionArn"]))}

    @operation
    def list_connections(self, params: Params) -> Params:
        """ListConnections, by ARN."""
        wanted = params.get("ProviderTypeFilter")
        if "HostArnFilter" in params:
            raise not_emulated(self.service_name, "ListConnections with HostArnFilter")
        found, token = page(
            [known for known in self._connections.all() if wanted in {None, known.provider_type}],
            lambda connection: connection.arn,
            listing=["ListConnections", wanted],
            token=params.get("NextToken"),
            size=params.get("MaxResults") or _PAGE,
            invalid_token=lambda _: AwsError("ValidationException", "NextToken is not valid"),
        )
        return {"Connections": [self._view(known) for known in found], "NextToken": token}

    @operation
    def delete_connection(self, params: Params) -> Params:
        """DeleteConnection. What it gave access to stays."""
        self._by_arn(params["ConnectionArn"])
        self._connections.remove(params["ConnectionArn"])
        return {}

    @operation
    def tag_resource(self, params: Params) -> Params:
        """TagResource."""
        connection = self._by_arn(params["ResourceArn"])
        connection.tags = _checked(params["Tags"], connection.tags)
        return {}

    @operation
    def untag_resource(self, params: Params) -> Params:
        """UntagResource."""
        connection = self._by_arn(params["ResourceArn"])
        removed = set(params["TagKeys"])
        connection.tags = {k: v for k, v in connection.tags.items() if k not in removed}
        return {}

    @operation
    def list_tags_for_resource(self, params: Params) -> Params:
        """ListTagsForResource."""
        return {"Tags": _as_list(self._by_arn(params["ResourceArn"]).tags)}

    def _by_arn(self, arn: str) -> Connection:
        connection = self._connections.find(arn) if arn.startswith("arn:") else None
        if connection is None:
            raise unknown_connection(arn)
        return connection

    def _view(self, connection: Connection) -> Params:
        return {
            "ConnectionName": connection.name,
            "ConnectionArn": connection.arn,
            "ProviderType": connection.provider_type,
            "OwnerAccountId": self.context.account_id,
            "ConnectionStatus": connection.status,
        }


class CodeStarConnectionsProvider(CodeConnectionsProvider):
    """The same connections under the older name of the service."""

    service_name: ClassVar[str] = "codestar-connections"


def _checked(tags: list[dict[str, str]], present: dict[str, str]) -> dict[str, str]:
    together = present | {tag["Key"]: tag["Value"] for tag in tags}
    if len(together) > _MAX_TAGS:
        raise AwsError("LimitExceededException", f"A connection has at most {_MAX_TAGS} tags")
    return together


def _as_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
