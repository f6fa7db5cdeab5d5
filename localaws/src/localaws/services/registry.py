"""The services that localaws runs itself, and its other HTTP interfaces. Every other service is moto's."""

from __future__ import annotations

import re
from functools import partial
from importlib import import_module
from typing import Final

from localaws.core.context import Context, ContextFactory
from localaws.core.provider import Provider, ProviderFactory
from localaws.core.web import WebApplication, WebRoute

_CLASSES: Final[dict[str, str]] = {
    "codepipeline": "localaws.services.codepipeline.provider:CodePipelineProvider",
    "sagemaker": "localaws.services.sagemaker.provider:SageMakerProvider",
    "sagemaker-runtime": "localaws.services.sagemaker_runtime.provider:SageMakerRuntimeProvider",
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


def _create_application(module: str, context_factory: ContextFactory) -> WebApplication:
    application: WebApplication = import_module(module).create(context_factory)
    return application


ROUTES: Final[tuple[WebRoute, ...]] = (
    WebRoute(
        re.compile("/_github/oidc/"), partial(_create_application, "localaws.services.github.route")
    ),
)
"""HTTP interfaces besides the APIs of AWS. Each is imported on the first request."""
