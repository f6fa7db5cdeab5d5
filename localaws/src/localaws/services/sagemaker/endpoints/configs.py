"""Endpoint configs: which models an endpoint serves, on how many instances, with which weights."""

from __future__ import annotations

from typing import Any

from localaws.core.context import Context
from localaws.core.provider import operation
from localaws.services.sagemaker.capture.settings import CaptureSettings
from localaws.services.sagemaker.endpoints.asynchronous import AsyncSettings
from localaws.services.sagemaker.endpoints.config_check import check_members, check_models
from localaws.services.sagemaker.endpoints.plan import FleetPlan
from localaws.services.sagemaker.endpoints.serverless import ServerlessSettings
from localaws.services.sagemaker.events import publish_simple
from localaws.services.sagemaker.listing import list_page
from localaws.services.sagemaker.models import Models
from localaws.services.sagemaker.serving.plan import ServingPlan
from localaws.services.sagemaker.store import Record, Store, Table, tag_map

_ECHOED = (
    "EndpointConfigName", "ProductionVariants", "ShadowProductionVariants", "AsyncInferenceConfig",
    "DataCaptureConfig", "KmsKeyId", "ExecutionRoleArn", "VpcConfig", "EnableNetworkIsolation",
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
        check_members(params)
        check_models(params, self._models_of(params))
        now = self._store.now()
        with self._store.lock:
            self._table.require_free(name)
            config = Record(name, arn, _with_weights(params), now, now, tag_map(params.get("Tags")))
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
            self._models_of(request),
            request.get("ShadowProductionVariants", []),
            CaptureSettings.read(request.get("DataCaptureConfig")),
            AsyncSettings.read(request.get("AsyncInferenceConfig")),
            _serverless(variants[0]),
            request.get("AsyncInferenceConfig"),
        )

    def _models_of(self, request: dict[str, Any]) -> dict[str, ServingPlan]:
        """By variant, how its model is served."""
        variants = [*request["ProductionVariants"], *request.get("ShadowProductionVariants", [])]
        return {v["VariantName"]: self._models.serving_plan(v["ModelName"]) for v in variants}


def _with_weights(request: dict[str, Any]) -> dict[str, Any]:
    """The request with the default weight of each variant."""
    lists: dict[str, Any] = {
        member: [{"InitialVariantWeight": 1.0, **variant} for variant in request[member]]
        for member in ("ProductionVariants", "ShadowProductionVariants")
        if member in request
    }
    return {**request, **lists}


def _serverless(variant: dict[str, Any]) -> ServerlessSettings | None:
    config = variant.get("ServerlessConfig")
    if config is None:
        return None
    return ServerlessSettings(
        config["MemorySizeInMB"], config["MaxConcurrency"], config.get("ProvisionedConcurrency")
    )
