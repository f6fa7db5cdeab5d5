"""The operations on authorizers."""

from __future__ import annotations

from localaws.core.provider import operation
from localaws.services.apigatewayv2.checks import check_authorizer, conflict
from localaws.services.apigatewayv2.lookup import ApiResources, Params, changes, find
from localaws.services.apigatewayv2.records import Record, new_id


class Authorizers(ApiResources):
    """CreateAuthorizer and what follows from it."""

    @operation
    def create_authorizer(self, params: Params) -> Params:
        """CreateAuthorizer, for JSON Web Tokens and Lambda functions."""
        api = self._api(params)
        record: Record = {"AuthorizerId": new_id(6), **changes(params)}
        if record["AuthorizerType"] == "REQUEST":
            record.setdefault("AuthorizerResultTtlInSeconds", 0)
        check_authorizer(record)
        with self._table.lock:
            self._check_name(api.authorizers, record)
            api.authorizers[record["AuthorizerId"]] = record
            api.changed()
        return dict(record)

    @operation
    def get_authorizer(self, params: Params) -> Params:
        """GetAuthorizer."""
        return dict(find(self._api(params).authorizers, "Authorizer", params["AuthorizerId"]))

    @operation
    def get_authorizers(self, params: Params) -> Params:
        """GetAuthorizers."""
        return self._page(params, self._api(params).authorizers.values(), "AuthorizerId")

    @operation
    def update_authorizer(self, params: Params) -> Params:
        """UpdateAuthorizer. The members that the request lacks stay as they are."""
        api = self._api(params)
        with self._table.lock:
            record = find(api.authorizers, "Authorizer", params["AuthorizerId"])
            updated = record | changes(params)
            check_authorizer(updated)
            self._check_name(api.authorizers, updated)
            record.update(updated)
            api.changed()
            return dict(record)

    @operation
    def delete_authorizer(self, params: Params) -> None:
        """DeleteAuthorizer. One that a route uses stays."""
        api = self._api(params)
        name = params["AuthorizerId"]
        with self._table.lock:
            find(api.authorizers, "Authorizer", name)
            for route in api.routes.values():
                if route.get("AuthorizerId") == name and route["AuthorizationType"] != "NONE":
                    raise conflict(
                        f"Cannot delete authorizer '{name}', it is referenced by route: "
                        f"{route['RouteKey']}"
                    )
            del api.authorizers[name]
            api.changed()

    @staticmethod
    def _check_name(known: dict[str, Record], record: Record) -> None:
        for other in known.values():
            if other["Name"] == record["Name"] and other["AuthorizerId"] != record["AuthorizerId"]:
                raise conflict(f"Authorizer name must be unique: {record['Name']}")
