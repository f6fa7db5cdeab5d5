"""API Gateway, version 2, in one account and region."""

from __future__ import annotations

from localaws.core.context import Context
from localaws.core.provider import Provider
from localaws.services.apigatewayv2.apis import Apis
from localaws.services.apigatewayv2.authorizers import Authorizers
from localaws.services.apigatewayv2.routes import Integrations, Routes
from localaws.services.apigatewayv2.stages import Deployments, Stages


class ApiGatewayV2Provider(Provider):
    """HTTP APIs. WebSocket APIs, domain names and VPC links are refused by name."""

    service_name = "apigatewayv2"

    def __init__(self, context: Context) -> None:
        kinds = (Apis, Routes, Integrations, Authorizers, Stages, Deployments)
        super().__init__(context, *(kind(context) for kind in kinds))
