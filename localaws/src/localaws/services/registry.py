"""Which services localaws runs itself. Every other service is moto's."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from localaws.core.provider import Provider

_PROVIDERS: Final[dict[str, str]] = {
    "codepipeline": "localaws.services.codepipeline.provider:CodePipelineProvider",
    "sagemaker": "localaws.services.sagemaker.provider:SageMakerProvider",
    "sagemaker-runtime": "localaws.services.sagemaker_runtime.provider:SageMakerRuntimeProvider",
    "stepfunctions": "localaws.services.stepfunctions.provider:StepFunctionsProvider",
}

SERVICE_NAMES: Final = frozenset(_PROVIDERS)


def provider_class(service_name: str) -> type[Provider]:
    """The class that runs a service. Imported on first use: a start takes no longer than it must."""
    module, name = _PROVIDERS[service_name].split(":")
    found: type[Provider] = getattr(import_module(module), name)
    return found
