"""The services that localaws runs itself, and its other HTTP interfaces. Every other service is moto's."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import Final

from localaws.core.context import Context
from localaws.core.provider import Provider, ProviderFactory
from localaws.core.web import WebRoute

_CLASSES: Final[dict[str, str]] = {
    "application-autoscaling": "localaws.services.applicationautoscaling.provider:AutoScalingProvider",
    "cloudwatch": "localaws.services.cloudwatch.provider:CloudWatchProvider",
    "codepipeline": "localaws.services.codepipeline.provider:CodePipelineProvider",
    "sagemaker": "localaws.services.sagemaker.provider:SageMakerProvider",
    "sagemaker-runtime": "localaws.services.sagemaker_runtime.provider:SageMakerRuntimeProvider",
    "scheduler": "localaws.services.scheduler.provider:SchedulerProvider",
    "stepfunctions": "localaws.services.stepfunctions.provider:StepFunctionsProvider",
}


def provider_class(service_name: str) -> type[Provider]:
    """The class that runs a service. It is imported on first use, so that the server starts quickly."""
    module, name = _CLASSES[service_name].split(":")
    found: type[Provider] = getattr(import_module(module), name)
    return found


def _create(service_name: str, context: Context) -> Provider:
    return provider_class(service_name)(context)


SERVICES: Final[dict[str, ProviderFactory]] = {name: partial(_create, name) for name in _CLASSES}
"""By botocore's name of a service, what makes its provider."""

ROUTES: Final[tuple[WebRoute, ...]] = ()
"""HTTP interfaces besides the APIs of AWS. Each is imported on the first request."""
