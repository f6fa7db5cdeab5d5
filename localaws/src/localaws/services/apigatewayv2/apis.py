"""The operations on APIs, and on the tags of APIs and stages."""

from __future__ import annotations

import re
from typing import Any, Final

from localaws.core.errors import not_emulated
from localaws.core.provider import operation
from localaws.services.apigatewayv2.checks import bad_request, check_emulated, not_found
from localaws.services.apigatewayv2.lookup import ApiResources, Params
from localaws.services.apigatewayv2.records import Record, new_id

PATH: Final = "/_aws/execute-api/"
"""What the paths of requests to APIs begin with. The id of the API follows."""
_SELECTIONS: Final = {
    "ApiKeySelectionExpression": "$request.header.x-api-key",
    "RouteSelectionExpression": "$request.method $request.path",
}
_ARN: Final = re.compile(r"arn:[^:]+:apigateway:[^:]+::/apis/([^/]+)(?:/stages/([^/]+))?")


class Apis(ApiResources):
    """CreateApi and what follows from it."""

    @operation
    def create_api(self, params: Params) -> Params:
        """CreateApi, for HTTP APIs. The address in the answer leads to this server."""
        if params["ProtocolType"] != "HTTP":
            raise not_emulated("apigatewayv2", f"CreateApi for {params['ProtocolType']} APIs")
        check_emulated("api", params)
        self._check_selections(params)
        api_id = new_id(10)
        record: Record = {
            "ApiEndpoint": f"{self._context.endpoint_url}{PATH}{api_id}",
            "ApiId": api_id,
            "CreatedDate": self._context.clock.now(),
            "DisableExecuteApiEndpoint": False,
            "IpAddressType": "ipv4",
            "Tags": {},
            **_SELECTIONS,
            **params,
        }
        return dict(self._table.add(record, self._context.region).record)

    @operation
    def get_api(self, params: Params) -> Params:
        """GetApi."""
        return dict(self._api(params).record)

    @operation
    def get_apis(self, params: Params) -> Params:
        """GetApis."""
        found = [api.record for api in self._table.of_region(self._context.region)]
        return self._page(params, found, "ApiId")

    @operation
    def update_api(self, params: Params) -> Params:
        """UpdateApi. The members that the request lacks stay as they are."""
        api = self._api(params)
        check_emulated("api", params)
        self._check_selections(params)
        with self._table.lock:
            api.record.update(params)
            api.changed()
            return dict(api.record)

    @operation
    def delete_api(self, params: Params) -> None:
        """DeleteApi, with everything that belongs to it."""
        self._table.remove(self._api(params).id)

    @operation
    def delete_cors_configuration(self, params: Params) -> None:
        """DeleteCorsConfiguration."""
        api = self._api(params)
        with self._table.lock:
            api.record.pop("CorsConfiguration", None)
            api.changed()

    # --- tags ----------------------------------------------------------------------------------------

    @operation
    def get_tags(self, params: Params) -> Params:
        """GetTags."""
        return {"Tags": dict(self._tags(params))}

    @operation
    def tag_resource(self, params: Params) -> Params:
        """TagResource."""
        with self._table.lock:
            self._tags(params).update(params.get("Tags", {}))
        return {}

    @operation
    def untag_resource(self, params: Params) -> None:
        """UntagResource."""
        with self._table.lock:
            tags = self._tags(params)
            for key in params["TagKeys"]:
                tags.pop(key, None)

    def _tags(self, params: Params) -> dict[str, str]:
        found = _ARN.fullmatch(params["ResourceArn"])
        if not found:
            raise bad_request(f"Invalid resource ARN {params['ResourceArn']}")
        api = self._api({"ApiId": found[1]})
        record: dict[str, Any] = api.record
        if found[2]:
            if found[2] not in api.stages:
                raise not_found("stage", found[2])
            record = api.stages[found[2]].record
        tags: dict[str, str] = record.setdefault("Tags", {})
        return tags

    @staticmethod
    def _check_selections(params: Params) -> None:
        for name, only in _SELECTIONS.items():
            if params.get(name, only).replace("${", "$").replace("}", "") != only:
                raise bad_request(
                    f"{name} is {params[name]!r}, but must be {only!r} for an HTTP API"
                )
