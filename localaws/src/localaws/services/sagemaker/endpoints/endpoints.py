"""Endpoints: fleets of serving containers under a name."""

from __future__ import annotations

from typing import Any

from localaws.core.context import Context
from localaws.core.provider import operation
from localaws.services.sagemaker import errors
from localaws.services.sagemaker.endpoints.configs import EndpointConfigs
from localaws.services.sagemaker.endpoints.describe import describe
from localaws.services.sagemaker.endpoints.fleet import Fleet
from localaws.services.sagemaker.endpoints.record import EndpointRecord
from localaws.services.sagemaker.endpoints.rollout import Rollouts
from localaws.services.sagemaker.endpoints.routes import EndpointRoutes
from localaws.services.sagemaker.endpoints.status import CHANGING, EndpointStatus
from localaws.services.sagemaker.events import publish_endpoint
from localaws.services.sagemaker.listing import list_page
from localaws.services.sagemaker.models import Models
from localaws.services.sagemaker.store import Store, Table, tag_map

# AWS's default quota for an instance type is often lower. This one protects the machine.
MAX_INSTANCES = 20


class Endpoints:
    """CreateEndpoint and its siblings."""

    def __init__(
        self,
        context: Context,
        store: Store,
        configs: EndpointConfigs,
        models: Models,
        routes: EndpointRoutes,
    ) -> None:
        self._context = context
        self._store = store
        self._table: Table[EndpointRecord] = store.table("endpoint")
        self._configs = configs
        self._models = models
        self._rollouts = Rollouts(context, routes)

    def close(self) -> None:
        """End every endpoint immediately."""
        self._rollouts.close(self._table.all())

    @operation
    def create_endpoint(self, params: dict[str, Any]) -> dict[str, Any]:
        """Start the fleet of a config in the background."""
        name = params["EndpointName"]
        arn = self._table.arn(name)
        # It applies to later updates, but is refused now rather than months later.
        _policy("CreateEndpoint", params.get("DeploymentConfig"))
        with self._store.lock:
            self._table.require_free(name)
            fleet = self._new_fleet(name, params["EndpointConfigName"])
            now = self._store.now()
            endpoint = EndpointRecord(
                name, arn, params, now, now, tag_map(params.get("Tags")),
                config_name=fleet.config_name, fleet=fleet, deployment=params.get("DeploymentConfig"),
                on_change=self._publish, now=self._store.now,
            )  # fmt: skip
            self._table.put(endpoint)
        self._publish(endpoint, False)
        self._rollouts.create(endpoint, fleet)
        return {"EndpointArn": arn}

    @operation
    def describe_endpoint(self, params: dict[str, Any]) -> dict[str, Any]:
        """Everything about one endpoint."""
        return describe(self._table.find(params["EndpointName"]))

    @operation
    def list_endpoints(self, params: dict[str, Any]) -> dict[str, Any]:
        """Summaries, newest first."""
        page, token = list_page(
            "ListEndpoints",
            self._table.all(),
            params,
            status=lambda endpoint: endpoint.status,
            descending=True,
        )
        summaries = [
            {
                "EndpointName": endpoint.name,
                "EndpointArn": endpoint.arn,
                "EndpointStatus": endpoint.status,
                "CreationTime": endpoint.created,
                "LastModifiedTime": endpoint.modified,
            }
            for endpoint in page
        ]
        return {"Endpoints": summaries, "NextToken": token}

    @operation
    def update_endpoint(self, params: dict[str, Any]) -> dict[str, Any]:
        """Start a new fleet beside the old one, then give it all traffic at once."""
        if params.get("RetainAllVariantProperties"):
            raise errors.feature_not_emulated(
                "UpdateEndpoint", "RetainAllVariantProperties", True, "Set it to false."
            )
        endpoint = self._table.find(params["EndpointName"])
        with self._store.lock, endpoint.lock:
            _check_idle(endpoint)
            if endpoint.status == EndpointStatus.FAILED:
                raise errors.validation(
                    f'Cannot update endpoint "{endpoint.arn}" in status Failed. '
                    "Delete it and create it again."
                )
            deployment = params.get("DeploymentConfig")
            if deployment is None and params.get("RetainDeploymentConfig"):
                deployment = endpoint.deployment
            policy = _policy("UpdateEndpoint", deployment)
            fleet = self._new_fleet(endpoint.name, params["EndpointConfigName"])
            endpoint.pending, endpoint.deployment = fleet, deployment
            endpoint.set_status(EndpointStatus.UPDATING)
        endpoint.announce()
        self._rollouts.update(endpoint, fleet, policy)
        return {"EndpointArn": endpoint.arn}

    @operation
    def update_endpoint_weights_and_capacities(self, params: dict[str, Any]) -> dict[str, Any]:
        """Refused: it would have to scale a running fleet."""
        raise errors.feature_not_emulated(
            "UpdateEndpointWeightsAndCapacities",
            "DesiredWeightsAndCapacities",
            params["DesiredWeightsAndCapacities"],
            "Create an endpoint config with the new weights and counts and use UpdateEndpoint.",
        )

    @operation
    def delete_endpoint(self, params: dict[str, Any]) -> dict[str, Any]:
        """Stop the processes in the background, then forget the endpoint."""
        endpoint = self._table.find(params["EndpointName"])
        with endpoint.lock:
            _check_idle(endpoint)
            endpoint.set_status(EndpointStatus.DELETING)
        endpoint.announce()
        self._rollouts.delete(endpoint, lambda: self._table.remove(endpoint.name))
        return {}

    def _new_fleet(self, endpoint_name: str, config_name: str) -> Fleet:
        """Decide what to start. A model or package that is missing is found here, not in the background."""
        variants = self._configs.variants(config_name)
        self._check_quota(variants)
        plans = {
            variant["VariantName"]: self._models.serving_plan(variant["ModelName"])
            for variant in variants
        }
        return Fleet(self._context, endpoint_name, config_name, variants, plans)

    def _check_quota(self, variants: list[dict[str, Any]]) -> None:
        used: dict[str, int] = {}
        for endpoint in self._table.all():
            for fleet in (endpoint.fleet, endpoint.pending):
                for variant in fleet.variants if fleet else []:
                    kind = variant["InstanceType"]
                    used[kind] = used.get(kind, 0) + variant["InitialInstanceCount"]
        wanted: dict[str, int] = {}
        for variant in variants:
            kind = variant["InstanceType"]
            wanted[kind] = wanted.get(kind, 0) + variant["InitialInstanceCount"]
        for kind, delta in wanted.items():
            if used.get(kind, 0) + delta > MAX_INSTANCES:
                raise errors.limit_exceeded(
                    kind, "endpoint", MAX_INSTANCES, used.get(kind, 0), delta
                )

    def _publish(self, endpoint: EndpointRecord, deployment: bool) -> None:
        publish_endpoint(self._context, describe(endpoint), endpoint.tags, deployment=deployment)


def _check_idle(endpoint: EndpointRecord) -> None:
    if endpoint.status in CHANGING:
        raise errors.validation(f'Cannot update in-progress endpoint "{endpoint.arn}".')


def _policy(operation: str, deployment: dict[str, Any] | None) -> dict[str, Any]:
    """The BlueGreenUpdatePolicy. localaws runs only ALL_AT_ONCE."""
    if not deployment:
        return {}
    if "RollingUpdatePolicy" in deployment:
        raise errors.feature_not_emulated(
            operation, "RollingUpdatePolicy", deployment["RollingUpdatePolicy"],
            "Use BlueGreenUpdatePolicy with ALL_AT_ONCE.",
        )  # fmt: skip
    if deployment.get("AutoRollbackConfiguration", {}).get("Alarms"):
        raise errors.feature_not_emulated(
            operation, "AutoRollbackConfiguration.Alarms",
            [alarm.get("AlarmName") for alarm in deployment["AutoRollbackConfiguration"]["Alarms"]],
            "Leave it out.",
        )  # fmt: skip
    policy: dict[str, Any] = deployment.get("BlueGreenUpdatePolicy", {})
    kind = policy.get("TrafficRoutingConfiguration", {}).get("Type", "ALL_AT_ONCE")
    if kind != "ALL_AT_ONCE":
        raise errors.feature_not_emulated(
            operation, "TrafficRoutingConfiguration.Type", kind, "Use ALL_AT_ONCE."
        )
    return policy
