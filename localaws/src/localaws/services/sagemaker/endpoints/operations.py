"""The operations of endpoints."""

from __future__ import annotations

from typing import Any

from localaws.core.provider import operation
from localaws.services.sagemaker import errors
from localaws.services.sagemaker.base import SageMakerBase
from localaws.services.sagemaker.endpoints import record as states
from localaws.services.sagemaker.endpoints.describe import describe
from localaws.services.sagemaker.endpoints.fleet import Fleet
from localaws.services.sagemaker.endpoints.record import EndpointRecord
from localaws.services.sagemaker.endpoints.rollout import Rollouts
from localaws.services.sagemaker.events import publish_endpoint
from localaws.services.sagemaker.store import Record, list_page, tag_map

_KIND = "endpoint"
# The default quota of AWS for an instance type is often lower; here it keeps a laptop alive.
MAX_INSTANCES = 20


class EndpointOperations(SageMakerBase):
    """CreateEndpoint and what belongs to it."""

    _rollouts: Rollouts

    @operation
    def create_endpoint(self, params: dict[str, Any]) -> dict[str, Any]:
        """Start the fleet of a config in the background."""
        name = params["EndpointName"]
        arn = self._arn(_KIND, name)
        # It is for later updates, but refused now: an update that fails months later is no help.
        _policy("CreateEndpoint", params.get("DeploymentConfig"))
        with self._store.lock:
            if self._store.table(_KIND).get(name):
                raise errors.validation(f'Cannot create already existing endpoint "{arn}".')
            fleet = self._new_fleet(name, params["EndpointConfigName"])
            now = self._now()
            endpoint = EndpointRecord(
                name, arn, params, now, now, tag_map(params.get("Tags")),
                config_name=fleet.config_name, fleet=fleet, deployment=params.get("DeploymentConfig"),
                on_change=self._endpoint_changed, now=self._now,
            )  # fmt: skip
            self._store.table(_KIND).put(endpoint)
        self._endpoint_changed(endpoint, False)
        self._rollouts.create(endpoint, fleet)
        return {"EndpointArn": arn}

    @operation
    def describe_endpoint(self, params: dict[str, Any]) -> dict[str, Any]:
        """Everything about one endpoint."""
        return describe(self._endpoint(params["EndpointName"]))

    @operation
    def list_endpoints(self, params: dict[str, Any]) -> dict[str, Any]:
        """Summaries, newest first."""
        page, token = list_page(
            self._store.table(_KIND).all(), params, status=lambda e: e.status, descending=True
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
        """A new fleet beside the old one, then all traffic at once to it."""
        if params.get("RetainAllVariantProperties"):
            raise errors.feature_not_emulated(
                "UpdateEndpoint", "RetainAllVariantProperties", True, "Set it to false."
            )
        endpoint = self._endpoint(params["EndpointName"])
        with self._store.lock, endpoint.lock:
            _check_idle(endpoint)
            if endpoint.status == states.FAILED:
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
            endpoint.set_status(states.UPDATING)
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
        endpoint = self._endpoint(params["EndpointName"])
        with endpoint.lock:
            _check_idle(endpoint)
            endpoint.set_status(states.DELETING)
        endpoint.announce()
        self._rollouts.delete(endpoint, lambda: self._store.table(_KIND).remove(endpoint.name))
        return {}

    def _endpoint(self, name: str) -> EndpointRecord:
        endpoint: EndpointRecord | None = self._store.table(_KIND).get(name)
        if endpoint is None:
            raise errors.validation(f'Could not find endpoint "{self._arn(_KIND, name)}".')
        return endpoint

    def _new_fleet(self, endpoint_name: str, config_name: str) -> Fleet:
        """Decide what to start; models and packages are resolved here, so that they are found missing now."""
        config: Record = self._endpoint_config(config_name)  # type: ignore[attr-defined]
        variants = config.request["ProductionVariants"]
        self._check_quota(variants)
        plans = {
            variant["VariantName"]: self._serving_plan(variant["ModelName"])  # type: ignore[attr-defined]
            for variant in variants
        }
        return Fleet(self.context, endpoint_name, config_name, variants, plans)

    def _check_quota(self, variants: list[dict[str, Any]]) -> None:
        used: dict[str, int] = {}
        for endpoint in self._store.table(_KIND).all():
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

    def _endpoint_changed(self, endpoint: EndpointRecord, deployment: bool) -> None:
        publish_endpoint(self.context, describe(endpoint), endpoint.tags, deployment=deployment)


def _check_idle(endpoint: EndpointRecord) -> None:
    if endpoint.status in states.BUSY:
        raise errors.validation(f'Cannot update in-progress endpoint "{endpoint.arn}".')


def _policy(operation: str, deployment: dict[str, Any] | None) -> dict[str, Any]:
    """The BlueGreenUpdatePolicy; only ALL_AT_ONCE runs here."""
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
