"""What an operation on an API needs first: the API, and a page of what belongs to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from localaws.core.context import Context
from localaws.core.errors import AwsError
from localaws.core.paging import page
from localaws.services.apigatewayv2.checks import bad_request, not_found
from localaws.services.apigatewayv2.records import Api, ApiTable, Record, api_table

Params = dict[str, Any]


class ApiResources:
    """The base class of the resources of this service."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._table: ApiTable = api_table(context)

    def _api(self, params: Params) -> Api:
        api = self._table.find(params["ApiId"])
        if api is None or api.region != self._context.region:
            raise not_found("API", f"{self._context.account_id}:{params['ApiId']}")
        return api

    def _page(self, params: Params, records: Iterable[Record], key: str) -> Params:
        """An answer with ``Items`` and ``NextToken``; the records in the order of the member ``key``."""
        size = params.get("MaxResults") or "100"
        if not size.isdecimal() or int(size) < 1:
            raise bad_request(f"MaxResults is {size!r}, but must be a positive number")

        def invalid(token: str) -> AwsError:
            return bad_request(f"Invalid NextToken {token!r}")

        chosen, token = page(
            records, lambda record: record[key], listing=[key, params.get("ApiId")],
            token=params.get("NextToken"), size=int(size), invalid_token=invalid,
        )  # fmt: skip
        answer: Params = {"Items": chosen}
        return answer | {"NextToken": token} if token else answer


def find(records: dict[str, Record], kind: str, name: str) -> Record:
    """A record by its id.

    Raises:
        AwsError: NotFoundException.
    """
    found = records.get(name)
    if found is None:
        raise not_found(kind, name)
    return found


def changes(params: Params) -> Params:
    """The members of a request that are settings: all but those that say what is changed."""
    return {
        name: value
        for name, value in params.items()
        if name not in {"ApiId", "RouteId", "IntegrationId", "AuthorizerId"}
        or (name == "AuthorizerId" and "RouteId" in params)
    }
