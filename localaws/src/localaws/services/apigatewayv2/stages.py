"""The operations on stages and deployments."""

from __future__ import annotations

from typing import Any

from localaws.core.provider import operation
from localaws.services.apigatewayv2.checks import bad_request, check_stage, conflict, not_found
from localaws.services.apigatewayv2.lookup import ApiResources, Params
from localaws.services.apigatewayv2.records import Api, Deployment, Record, Stage


class Stages(ApiResources):
    """CreateStage and what follows from it."""

    @operation
    def create_stage(self, params: Params) -> Params:
        """CreateStage."""
        api = self._api(params)
        now = self._context.clock.now()
        check_stage(params)
        record: Record = {
            "AutoDeploy": False,
            "CreatedDate": now,
            "LastUpdatedDate": now,
            "RouteSettings": {},
            "StageVariables": {},
            "Tags": {},
            **{name: value for name, value in params.items() if name != "ApiId"},
        }
        record["DefaultRouteSettings"] = _route_settings(record.get("DefaultRouteSettings"))
        with self._table.lock:
            if record["StageName"] in api.stages:
                raise conflict(f"Stage {record['StageName']} already exists for this API")
            _check_deployment(api, record)
            stage = api.stages[record["StageName"]] = Stage(record)
            return dict(api.refresh(stage, now).record)

    @operation
    def get_stage(self, params: Params) -> Params:
        """GetStage."""
        api = self._api(params)
        return dict(api.refresh(_stage(api, params["StageName"]), self._context.clock.now()).record)

    @operation
    def get_stages(self, params: Params) -> Params:
        """GetStages."""
        api, now = self._api(params), self._context.clock.now()
        found = [api.refresh(stage, now).record for stage in list(api.stages.values())]
        return self._page(params, found, "StageName")

    @operation
    def update_stage(self, params: Params) -> Params:
        """UpdateStage. Settings of routes that the request does not name stay as they are."""
        api, now = self._api(params), self._context.clock.now()
        with self._table.lock:
            stage = _stage(api, params["StageName"])
            updated = stage.record | {k: v for k, v in params.items() if k != "ApiId"}
            updated["RouteSettings"] = stage.record["RouteSettings"] | params.get(
                "RouteSettings", {}
            )
            # An empty value removes a variable.
            variables = stage.record["StageVariables"] | params.get("StageVariables", {})
            updated["StageVariables"] = {name: value for name, value in variables.items() if value}
            updated["DefaultRouteSettings"] = _route_settings(updated["DefaultRouteSettings"])
            check_stage(updated)
            if params.get("DeploymentId"):
                _check_deployment(api, updated)
            stage.record.update(updated, LastUpdatedDate=now)
            return dict(api.refresh(stage, now).record)

    @operation
    def delete_stage(self, params: Params) -> None:
        """DeleteStage."""
        api = self._api(params)
        with self._table.lock:
            del api.stages[_stage(api, params["StageName"]).name]

    @operation
    def delete_route_settings(self, params: Params) -> None:
        """DeleteRouteSettings."""
        api = self._api(params)
        with self._table.lock:
            settings = _stage(api, params["StageName"]).record["RouteSettings"]
            if params["RouteKey"] not in settings:
                raise not_found("route key", params["RouteKey"])
            del settings[params["RouteKey"]]

    @operation
    def delete_access_log_settings(self, params: Params) -> None:
        """DeleteAccessLogSettings."""
        api = self._api(params)
        with self._table.lock:
            _stage(api, params["StageName"]).record.pop("AccessLogSettings", None)


class Deployments(ApiResources):
    """CreateDeployment and what follows from it."""

    @operation
    def create_deployment(self, params: Params) -> Params:
        """CreateDeployment: keeps the API as it is now, and lets a stage serve it if one is named."""
        api = self._api(params)
        with self._table.lock:
            stage = _stage(api, params["StageName"]) if params.get("StageName") else None
            if stage is not None and stage.record["AutoDeploy"]:
                raise bad_request(
                    f"Deployment ID cannot be set on stage {stage.name} with AutoDeploy"
                )
            now, text = self._context.clock.now(), params.get("Description")
            made = api.deploy(now, automatic=False, description=text)
            if stage is not None:
                stage.record.update(DeploymentId=made, LastUpdatedDate=now)
            return dict(api.deployments[made].record)

    @operation
    def get_deployment(self, params: Params) -> Params:
        """GetDeployment."""
        return dict(_deployment(self._api(params), params["DeploymentId"]).record)

    @operation
    def get_deployments(self, params: Params) -> Params:
        """GetDeployments."""
        found = [deployment.record for deployment in self._api(params).deployments.values()]
        return self._page(params, found, "DeploymentId")

    @operation
    def update_deployment(self, params: Params) -> Params:
        """UpdateDeployment."""
        record = _deployment(self._api(params), params["DeploymentId"]).record
        record["Description"] = params.get("Description", record.get("Description", ""))
        return dict(record)

    @operation
    def delete_deployment(self, params: Params) -> None:
        """DeleteDeployment. One that a stage serves stays."""
        api, name = self._api(params), params["DeploymentId"]
        with self._table.lock:
            _deployment(api, name)
            if any(stage.record.get("DeploymentId") == name for stage in api.stages.values()):
                raise bad_request(
                    "Active stages pointing to this deployment must be moved or deleted"
                )
            del api.deployments[name]


def _stage(api: Api, name: str) -> Stage:
    found = api.stages.get(name)
    if found is None:
        raise not_found("stage", name)
    return found


def _deployment(api: Api, name: str) -> Deployment:
    found = api.deployments.get(name)
    if found is None:
        raise not_found("deployment", name)
    return found


def _check_deployment(api: Api, record: Record) -> None:
    if record.get("DeploymentId"):
        if record["AutoDeploy"]:
            raise bad_request(
                "Deployment ID cannot be set on stage creation when AutoDeploy is enabled"
            )
        _deployment(api, record["DeploymentId"])


def _route_settings(given: dict[str, Any] | None) -> dict[str, Any]:
    return {"DetailedMetricsEnabled": False, **(given or {})}
