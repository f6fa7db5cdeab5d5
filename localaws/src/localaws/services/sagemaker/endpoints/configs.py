"""Endpoint configs: which models an endpoint serves, on how many instances, with which weights."""

from __future__ import annotations

from typing import Any

from localaws.core.context import Context
from localaws.core.provider import operation
from localaws.services.sagemaker import errors
from localaws.services.sagemaker.capture.settings import CaptureSettings
from localaws.services.sagemaker.endpoints.plan import FleetPlan
from localaws.services.sagemaker.events import publish_simple
from localaws.services.sagemaker.listing import list_page
from localaws.services.sagemaker.models import Models
from localaws.services.sagemaker.store import Record, Store, Table, tag_map

_ECHOED = (
    "EndpointConfigName", "ProductionVariants", "DataCaptureConfig", "KmsKeyId", "ExecutionRoleArn",
    "VpcConfig", "EnableNetworkIsolation",
)  # fmt: skip
_REFUSED = (
    "AsyncInferenceConfig", "ExplainerConfig", "ShadowProductionVariants", "CrossRegionTrafficConfig",
    "MetricsConfig",
)  # fmt: skip
_REFUSED_OF_VARIANT = (
    "AcceleratorType", "CoreDumpConfig", "ServerlessConfig", "EnableSSMAccess", "ManagedInstanceScaling",
    "InstancePools", "CapacityReservationConfig", "AcceleratorPartitionLayouts",
)  # fmt: skip


class EndpointConfigs:
    """CreateEndpointConfig and its siblings."""

    def __init__(self, context: Context, store: Store, models: Models) -> None:
        self._context = context
        self._store = store
        self._table: Table[Record] = store.table("endpoint-config")
        self._models = models

    @operation
    def create_endpoint_config(self, params: dict[str, Any]) -> dict[str, Any]:
        """Check the variants and their models, then keep the config."""
        name = params["EndpointConfigName"]
        arn = self._table.arn(name)
        variants = self._check_config(params)
        now = self._store.now()
        with self._store.lock:
            self._table.require_free(name)
            request = {**params, "ProductionVariants": variants}
            config = Record(name, arn, request, now, now, tag_map(params.get("Tags")))
            self._table.put(config)
        described = self.describe_endpoint_config(params)
        publish_simple(self._context, "Endpoint Config", described, arn, config.tags)
        return {"EndpointConfigArn": arn}

    @operation
    def describe_endpoint_config(self, params: dict[str, Any]) -> dict[str, Any]:
        """What CreateEndpointConfig was given, with its defaults."""
        config = self._table.find(params["EndpointConfigName"])
        return {
            **config.echo(_ECHOED),
            "EndpointConfigArn": config.arn,
            "CreationTime": config.created,
            "EnableNetworkIsolation": config.request.get("EnableNetworkIsolation", False),
        }

    @operation
    def list_endpoint_configs(self, params: dict[str, Any]) -> dict[str, Any]:
        """Summaries, newest first."""
        page, token = list_page("ListEndpointConfigs", self._table.all(), params, descending=True)
        summaries = [
            {
                "EndpointConfigName": config.name,
                "EndpointConfigArn": config.arn,
                "CreationTime": config.created,
            }
            for config in page
        ]
        return {"EndpointConfigs": summaries, "NextToken": token}

    @operation
    def delete_endpoint_config(self, params: dict[str, Any]) -> dict[str, Any]:
        """Forget a config. Endpoints that were created from it do not change."""
        self._table.remove(self._table.find(params["EndpointConfigName"]).name)
        return {}

    def plan(self, name: str) -> FleetPlan:
        """What a fleet of this config starts, and how it is used.

        Raises:
            AwsError: the config, a model or a model package does not exist.
        """
        request = self._table.find(name).request
        variants: list[dict[str, Any]] = request["ProductionVariants"]
        return FleetPlan(
            name,
            variants,
            {v["VariantName"]: self._models.serving_plan(v["ModelName"]) for v in variants},
            CaptureSettings.read(request.get("DataCaptureConfig")),
        )

    def _check_config(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        for member in _REFUSED:
            if params.get(member):
                raise _refuse(member, params[member], "Leave it out.")
        CaptureSettings.read(params.get("DataCaptureConfig"))
        seen: set[str] = set()
        variants = []
        for variant in params["ProductionVariants"]:
            if variant["VariantName"] in seen:
                raise errors.validation(
                    f"The variant name '{variant['VariantName']}' is used twice. Names must be unique."
                )
            seen.add(variant["VariantName"])
            variants.append(self._check_variant(variant))
        if not any(variant["InitialVariantWeight"] for variant in variants):
            raise errors.validation(
                "At least one production variant needs a weight greater than 0."
            )
        return variants

    def _check_variant(self, variant: dict[str, Any]) -> dict[str, Any]:
        name = variant["VariantName"]
        for member in _REFUSED_OF_VARIANT:
            if variant.get(member):
                raise _refuse(
                    f"ProductionVariants.{name}.{member}", variant[member], "Leave it out."
                )
        for member in ("ModelName", "InstanceType", "InitialInstanceCount"):
            if not variant.get(member):
                raise errors.validation(f"Production variant '{name}' has no {member}.")
        self._models.serving_plan(variant["ModelName"])
        return {"InitialVariantWeight": 1.0, **variant}


def _refuse(member: str, value: object, instead: str) -> Exception:
    return errors.feature_not_emulated("CreateEndpointConfig", member, value, instead)
