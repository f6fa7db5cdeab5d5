"""What CreateEndpointConfig refuses.

API reference, CreateEndpointConfig; developer guide, serverless-endpoints, shadow-tests, async-inference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from localaws.services.sagemaker import errors
from localaws.services.sagemaker.capture.settings import CaptureSettings
from localaws.services.sagemaker.endpoints.asynchronous import AsyncSettings
from localaws.services.sagemaker.serving.plan import ServingPlan

Params = Mapping[str, Any]

_REFUSED: Final = ("ExplainerConfig", "CrossRegionTrafficConfig", "MetricsConfig")
_REFUSED_OF_VARIANT: Final = (
    "AcceleratorType", "CoreDumpConfig", "EnableSSMAccess", "ManagedInstanceScaling",
    "InstancePools", "CapacityReservationConfig", "AcceleratorPartitionLayouts",
)  # fmt: skip
_INSTANCES: Final = ("InstanceType", "InitialInstanceCount")
_GIGABYTE: Final = 1024


def check_members(params: Params) -> None:
    """Check a request without its models.

    Raises:
        AwsError: ValidationException, or NotImplementedException.
    """
    for member in _REFUSED:
        if params.get(member):
            raise _refuse(member, params[member])
    CaptureSettings.read(params.get("DataCaptureConfig"))
    AsyncSettings.read(params.get("AsyncInferenceConfig"))
    variants, shadows = params["ProductionVariants"], params.get("ShadowProductionVariants", [])
    names: set[str] = set()
    for variant in (*variants, *shadows):
        name = variant["VariantName"]
        if name in names:
            raise errors.validation(
                f"The variant name '{name}' is used twice. Names must be unique."
            )
        names.add(name)
        _check_variant(variant)
    if not any(variant.get("InitialVariantWeight", 1.0) for variant in variants):
        raise errors.validation("At least one production variant needs a weight greater than 0.")
    if shadows:
        _check_shadows(params, variants, shadows)
    if any("ServerlessConfig" in variant for variant in variants):
        _check_serverless(params, variants)


def check_models(params: Params, models: Mapping[str, ServingPlan]) -> None:
    """Check the models of the variants.

    Args:
        params: the request.
        models: by variant.

    Raises:
        AwsError: ValidationException.
    """
    kind = None
    if "ShadowProductionVariants" in params:
        kind = "an endpoint with a shadow variant"
    elif "ServerlessConfig" in params["ProductionVariants"][0]:
        kind = "a serverless endpoint"
    if kind is None:
        return
    for name, model in models.items():
        if model.is_pipeline:
            raise errors.validation(
                f"The model of variant '{name}' has {len(model.containers)} containers, but a model of "
                f"{kind} has one."
            )
        if kind == "a serverless endpoint" and model.containers[0].network_isolation:
            raise errors.validation(
                f"The model of variant '{name}' has EnableNetworkIsolation, which a serverless endpoint does "
                "not support."
            )
        if kind == "a serverless endpoint" and model.in_vpc:
            raise errors.validation(
                f"The model of variant '{name}' has a VpcConfig, which a serverless endpoint does not "
                "support."
            )


def _check_variant(variant: Params) -> None:
    name = variant["VariantName"]
    for member in _REFUSED_OF_VARIANT:
        if variant.get(member):
            raise _refuse(f"ProductionVariants.{name}.{member}", variant[member])
    serverless = variant.get("ServerlessConfig")
    for member in ("ModelName", *(() if serverless else _INSTANCES)):
        if not variant.get(member):
            raise errors.validation(f"Production variant '{name}' has no {member}.")
    if not serverless:
        return
    for member in (*_INSTANCES, "VolumeSizeInGB", "RoutingConfig"):
        if member in variant:
            raise errors.validation(
                f"Production variant '{name}' has both ServerlessConfig and {member}. Give one."
            )
    memory, most = serverless["MemorySizeInMB"], serverless["MaxConcurrency"]
    if memory % _GIGABYTE:
        raise errors.validation(
            f"MemorySizeInMB of production variant '{name}' is {memory}, but must be one of 1024, 2048, "
            "3072, 4096, 5120, 6144."
        )
    if serverless.get("ProvisionedConcurrency", 0) > most:
        raise errors.validation(
            f"ProvisionedConcurrency of production variant '{name}' is "
            f"{serverless['ProvisionedConcurrency']}, but must not exceed MaxConcurrency, {most}."
        )


def _check_shadows(params: Params, variants: Sequence[Params], shadows: Sequence[Params]) -> None:
    if len(variants) != 1 or len(shadows) != 1:
        raise errors.validation(
            "An endpoint config with ShadowProductionVariants has one production variant and one shadow "
            f"variant; given are {len(variants)} and {len(shadows)}."
        )
    if params.get("AsyncInferenceConfig"):
        raise errors.validation("An asynchronous endpoint cannot have ShadowProductionVariants.")
    if "ServerlessConfig" in variants[0] or "ServerlessConfig" in shadows[0]:
        raise errors.validation("A serverless endpoint cannot have ShadowProductionVariants.")


def _check_serverless(params: Params, variants: Sequence[Params]) -> None:
    if len(variants) > 1:
        raise errors.validation(
            "An endpoint config with a serverless variant has one production variant; given are "
            f"{len(variants)}."
        )
    if params.get("DataCaptureConfig", {}).get("EnableCapture"):
        raise errors.validation("A serverless endpoint does not support DataCaptureConfig.")
    for member in ("AsyncInferenceConfig", "VpcConfig", "EnableNetworkIsolation"):
        if params.get(member):
            raise errors.validation(f"A serverless endpoint does not support {member}.")


def _refuse(member: str, value: object) -> Exception:
    return errors.feature_not_emulated("CreateEndpointConfig", member, value, "Leave it out.")
