"""Endpoints: fleets of serving containers under a name."""

from __future__ import annotations

from typing import Any

from localaws.core.context import Context
from localaws.core.provider import operation
from localaws.services.sagemaker import errors
from localaws.services.sagemaker.endpoints.alarms import RollbackAlarms
from localaws.services.sagemaker.endpoints.configs import EndpointConfigs
from localaws.services.sagemaker.endpoints.deployment import read_policy
from localaws.services.sagemaker.endpoints.describe import describe
from localaws.services.sagemaker.endpoints.fleet import Fleet
from localaws.services.sagemaker.endpoints.record import EndpointRecord
from localaws.services.sagemaker.endpoints.rollout import Rollouts
from localaws.services.sagemaker.endpoints.routes import EndpointRoutes
from localaws.services.sagemaker.endpoints.sampler import EndpointSampler
from localaws.services.sagemaker.endpoints.scaling import read_change
from localaws.services.sagemaker.endpoints.status import CHANGING, EndpointStatus
from localaws.services.sagemaker.endpoints.update_check import check_update, retain_properties
from localaws.services.sagemaker.events import publish_endpoint
from localaws.services.sagemaker.listing import list_page
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
        routes: EndpointRoutes,
    ) -> None:
        self._context = context
        self._store = store
        self._table: Table[EndpointRecord] = store.table("endpoint")
        self._configs = configs
        self._rollouts = Rollouts(context, routes)
        self._sampler = EndpointSampler(context, routes)

    def close(self) -> None:
        """End every endpoint immediately."""
        self._sampler.close()
        self._rollouts.close(self._table.all())

    @operation
    def create_endpoint(self, params: dict[str, Any]) -> dict[str, Any]:
        """Start the fleet of a config in the background."""
        name = params["EndpointName"]
        arn = self._table.arn(name)
        # It applies to later updates, but is refused now rather than months later.
        read_policy(params.get("DeploymentConfig"))
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
        self._sampler.start()
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
        """Start a new fleet beside the old one, then move the traffic as the deployment config says."""
        endpoint = self._table.find(params["EndpointName"])
        deployment = params.get("DeploymentConfig")
        if deployment is None and params.get("RetainDeploymentConfig"):
            deployment = endpoint.deployment
        policy = read_policy(deployment)
        RollbackAlarms(self._context, policy.alarms).require_existing()
        with self._store.lock, endpoint.lock:
            _check_idle(endpoint)
            if endpoint.status == EndpointStatus.FAILED:
                raise errors.validation(
                    f'Cannot update endpoint "{endpoint.arn}" in status Failed. '
                    "Delete it and create it again."
                )
            fleet = self._new_fleet(endpoint.name, params["EndpointConfigName"])
            if params.get("RetainAllVariantProperties") and endpoint.fleet is not None:
                excluded = params.get("ExcludeRetainedVariantProperties", [])
                retain_properties(
                    endpoint.fleet, fleet, [item["VariantPropertyType"] for item in excluded]
                )
            check_update(endpoint, fleet, policy)
            endpoint.pending, endpoint.deployment = fleet, deployment
            endpoint.set_status(EndpointStatus.UPDATING)
        endpoint.announce()
        self._rollouts.update(endpoint, fleet, policy)
        return {"EndpointArn": endpoint.arn}

    @operation
    def update_endpoint_weights_and_capacities(self, params: dict[str, Any]) -> dict[str, Any]:
        """Change the weights of variants, or start and stop instances of one variant, in the background."""
        endpoint = self._table.find(params["EndpointName"])
        wanted = params["DesiredWeightsAndCapacities"]
        with self._store.lock, endpoint.lock:
            _check_idle(endpoint)
            if endpoint.status != EndpointStatus.IN_SERVICE or endpoint.fleet is None:
                raise errors.validation(
                    f'Cannot update endpoint "{endpoint.arn}" in status {endpoint.status}: it must be '
                    "InService."
                )
            change = read_change(endpoint.fleet, wanted)
            self._check_quota(
                [
                    {**variant, "InitialInstanceCount": more}
                    for variant in endpoint.fleet.variants
                    if (more := change.additional_instances(endpoint.fleet, variant)) > 0
                ]
            )
            endpoint.set_status(EndpointStatus.UPDATING)
        endpoint.announce()
        self._rollouts.scale(endpoint, change.weights, change.counts)
        return {"EndpointArn": endpoint.arn}

    @operation
    def delete_endpoint(self, params: dict[str, Any]) -> dict[str, Any]:
        """Stop the processes in the background, then forget the endpoint."""
        endpoint = self._table.find(params["EndpointName"])
        with endpoint.lock:
            _check_idle(endpoint)
            endpoint.set_status(EndpointStatus.DELETING)
        endpoint.announce()
        self._deregister_targets(endpoint)
        self._rollouts.delete(endpoint, lambda: self._table.remove(endpoint.name))
        return {}

    def _deregister_targets(self, endpoint: EndpointRecord) -> None:
        """End the autoscaling of the variants, as SageMaker does for an endpoint that is deleted."""
        client = self._context.client("application-autoscaling")
        prefix = f"endpoint/{endpoint.name}/variant/"
        targets = client.get_paginator("describe_scalable_targets")
        for page in targets.paginate(ServiceNamespace="sagemaker"):
            for target in page["ScalableTargets"]:
                if target["ResourceId"].startswith(prefix):
                    client.deregister_scalable_target(
                        ServiceNamespace="sagemaker",
                        ResourceId=target["ResourceId"],
                        ScalableDimension=target["ScalableDimension"],
                    )

    def _new_fleet(self, endpoint_name: str, config_name: str) -> Fleet:
        """Decide what to start. A model or package that is missing is found here, not in the background."""
        plan = self._configs.plan(config_name)
        self._check_quota([*plan.variants, *plan.shadows])
        return Fleet(self._context, endpoint_name, plan)

    def _check_quota(self, variants: list[dict[str, Any]]) -> None:
        used: dict[str, int] = {}
        for endpoint in self._table.all():
            for fleet in (endpoint.fleet, endpoint.pending):
                for kind, count in fleet.instance_types() if fleet else []:
                    used[kind] = used.get(kind, 0) + count
        wanted: dict[str, int] = {}
        for variant in variants:
            if "ServerlessConfig" in variant:
                continue
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
