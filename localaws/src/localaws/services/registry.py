"""The services that localaws runs itself, and its other HTTP interfaces. Every other service is moto's."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any, Final

from localaws.core.access import EXECUTE_API_HOST
from localaws.core.context import Context, ContextFactory
from localaws.core.provider import Provider, ProviderFactory
from localaws.core.web import WebApplication, WebRoute

_CLASSES: Final[dict[str, str]] = {
    "apigatewayv2": "localaws.services.apigatewayv2.provider:ApiGatewayV2Provider",
    "application-autoscaling": "localaws.services.applicationautoscaling.provider:AutoScalingProvider",
    "budgets": "localaws.services.budgets.provider:BudgetsProvider",
    "cloudwatch": "localaws.services.cloudwatch.provider:CloudWatchProvider",
    "codebuild": "localaws.services.codebuild.provider:CodeBuildProvider",
    "codecommit": "localaws.services.codecommit.provider:CodeCommitProvider",
    "codeconnections": "localaws.services.codeconnections.provider:CodeConnectionsProvider",
    "codepipeline": "localaws.services.codepipeline.provider:CodePipelineProvider",
    "codestar-connections": (
        "localaws.services.codeconnections.provider:CodeStarConnectionsProvider"
    ),
    "ecr": "localaws.services.ecr.provider:EcrProvider",
    "sagemaker": "localaws.services.sagemaker.provider:SageMakerProvider",
    "sagemaker-runtime": "localaws.services.sagemaker_runtime.provider:SageMakerRuntimeProvider",
    "scheduler": "localaws.services.scheduler.provider:SchedulerProvider",
    "stepfunctions": "localaws.services.stepfunctions.provider:StepFunctionsProvider",
}
_HOSTED_REPOSITORY: Final = r"/[^/]+/[^/]+\.git/(info/refs|git-upload-pack|git-receive-pack)$"
# By what the path begins with. Requests for buckets whose objects have such keys are signed.
_APPLICATIONS: Final[dict[str, str]] = {
    r"/v2(/|$)": "localaws.services.ecr.registry.application:create",
    rf"/v1/repos/[^/]+(/|$)|{_HOSTED_REPOSITORY}": "localaws.services.git.application:GitApplication",
    r"/_codebuild/": "localaws.services.codebuild.credentials:create",
    r"/_github/oidc/": "localaws.services.github.route:create",
    r"/_git/": "localaws.services.git.control:ControlApplication",
    r"/_iam/": "localaws.services.iam.control:create",
}


def provider_class(service_name: str) -> type[Provider]:
    """The class that runs a service. It is imported on first use, so that the server starts quickly."""
    found: type[Provider] = _load(_CLASSES[service_name])
    return found


def _create(service_name: str, context: Context) -> Provider:
    return provider_class(service_name)(context)


def _create_application(path: str, context_factory: ContextFactory) -> WebApplication:
    create: Callable[[ContextFactory], WebApplication] = _load(path)
    return create(context_factory)


def _load(path: str) -> Any:
    module, name = path.split(":")
    return getattr(import_module(module), name)


SERVICES: Final[dict[str, ProviderFactory]] = {name: partial(_create, name) for name in _CLASSES}
"""By botocore's name of a service, what makes its provider."""

ROUTES: Final[tuple[WebRoute, ...]] = (
    WebRoute(
        re.compile(r"/_aws/execute-api/[^/]"),
        partial(_create_application, "localaws.services.execute_api.application:create"),
        signing_names=None,
        host=re.compile(EXECUTE_API_HOST),
        sets_cors=True,
    ),
    *(
        WebRoute(re.compile(pattern), partial(_create_application, path))
        for pattern, path in _APPLICATIONS.items()
    ),
)
"""HTTP interfaces besides the APIs of AWS. Each is imported on the first request."""
