"""The operations on routes and on the integrations that they lead to."""

from __future__ import annotations

from typing import Any, Final

from localaws.core.provider import operation
from localaws.services.apigatewayv2.checks import (
    bad_request,
    check_emulated,
    check_integration,
    check_route_key,
    conflict,
)
from localaws.services.apigatewayv2.lookup import ApiResources, Params, changes, find
from localaws.services.apigatewayv2.records import Api, Record, new_id

_TIMEOUT_MS: Final = 30_000
_AUTHORIZER_TYPES: Final = {"JWT": "JWT", "CUSTOM": "REQUEST"}


class Integrations(ApiResources):
    """CreateIntegration and what follows from it."""

    @operation
    def create_integration(self, params: Params) -> Params:
        """CreateIntegration, for Lambda functions and HTTP servers."""
        api = self._api(params)
        record: Record = {
            "ConnectionType": "INTERNET",
            "IntegrationId": new_id(),
            "PayloadFormatVersion": "1.0",
            "TimeoutInMillis": _TIMEOUT_MS,
            **changes(params),
        }
        if record["IntegrationType"] == "AWS_PROXY":
            record.setdefault("IntegrationMethod", "POST")
        check_integration(record)
        with self._table.lock:
            api.integrations[record["IntegrationId"]] = record
            api.changed()
        return dict(record)

    @operation
    def get_integration(self, params: Params) -> Params:
        """GetIntegration."""
        return dict(_integration(self._api(params), params["IntegrationId"]))

    @operation
    def get_integrations(self, params: Params) -> Params:
        """GetIntegrations."""
        return self._page(params, self._api(params).integrations.values(), "IntegrationId")

    @operation
    def update_integration(self, params: Params) -> Params:
        """UpdateIntegration. The members that the request lacks stay as they are."""
        api = self._api(params)
        with self._table.lock:
            record = _integration(api, params["IntegrationId"])
            updated = record | changes(params)
            check_integration(updated)
            record.update(updated)
            api.changed()
            return dict(record)

    @operation
    def delete_integration(self, params: Params) -> None:
        """DeleteIntegration. One that a route leads to stays."""
        api = self._api(params)
        name = params["IntegrationId"]
        with self._table.lock:
            _integration(api, name)
            for route in api.routes.values():
                if route.get("Target") == f"integrations/{name}":
                    raise conflict(
                        f"Cannot delete Integration '{name}' because it is referenced by Route "
                        f"'{route['RouteKey']}'."
                    )
            del api.integrations[name]
            api.changed()


class Routes(ApiResources):
    """CreateRoute and what follows from it."""

    @operation
    def create_route(self, params: Params) -> Params:
        """CreateRoute."""
        api = self._api(params)
        record: Record = {
            "ApiKeyRequired": False,
            "AuthorizationType": "NONE",
            "RouteId": new_id(),
            **{k: v for k, v in params.items() if k != "ApiId"},
        }
        with self._table.lock:
            _check_route(api, record)
            api.routes[record["RouteId"]] = record
            api.changed()
        return dict(record)

    @operation
    def get_route(self, params: Params) -> Params:
        """GetRoute."""
        return dict(find(self._api(params).routes, "Route", params["RouteId"]))

    @operation
    def get_routes(self, params: Params) -> Params:
        """GetRoutes."""
        return self._page(params, self._api(params).routes.values(), "RouteId")

    @operation
    def update_route(self, params: Params) -> Params:
        """UpdateRoute. The members that the request lacks stay as they are."""
        api = self._api(params)
        with self._table.lock:
            record = find(api.routes, "Route", params["RouteId"])
            updated = record | changes(params)
            _check_route(api, updated)
            record.update(updated)
            api.changed()
            return dict(record)

    @operation
    def delete_route(self, params: Params) -> None:
        """DeleteRoute."""
        api = self._api(params)
        with self._table.lock:
            find(api.routes, "Route", params["RouteId"])
            del api.routes[params["RouteId"]]
            api.changed()


def _integration(api: Api, integration_id: str) -> Record:
    return find(api.integrations, "Integration", integration_id)


def _check_route(api: Api, record: dict[str, Any]) -> None:
    check_emulated("route", record)
    key = record["RouteKey"]
    check_route_key(key)
    if record["ApiKeyRequired"]:
        raise bad_request("ApiKeyRequired is not currently supported for HTTP APIs")
    for other in api.routes.values():
        if other["RouteKey"] == key and other["RouteId"] != record["RouteId"]:
            raise conflict(f"Route with key {key} already exists for this API")
    target = record.get("Target")
    if target:
        kind, _, name = target.partition("/")
        if kind != "integrations" or not name:
            raise bad_request(
                f"Invalid target {target!r}: it must be integrations/<integration id>"
            )
        _integration(api, name)
    _check_authorization(api, record)


def _check_authorization(api: Api, record: dict[str, Any]) -> None:
    kind, name = record["AuthorizationType"], record.get("AuthorizerId")
    if kind not in _AUTHORIZER_TYPES:
        # A route that had an authorizer keeps its id when only the type is updated.
        if record.get("AuthorizationScopes"):
            raise bad_request(
                f"AuthorizationScopes cannot be set with the authorization type {kind}"
            )
        return
    if not name:
        raise bad_request(f"AuthorizerId must be set with the authorization type {kind}")
    authorizer = find(api.authorizers, "Authorizer", name)
    if authorizer["AuthorizerType"] != _AUTHORIZER_TYPES[kind]:
        raise bad_request(
            f"The authorizer {name} is of type {authorizer['AuthorizerType']}, but the authorization type "
            f"{kind} needs one of type {_AUTHORIZER_TYPES[kind]}"
        )
