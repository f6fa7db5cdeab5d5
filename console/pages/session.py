"""What every page shows: which deployment, who is signed in to AWS, which use cases there are."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from console.commands import target_variables
from console.context import Context
from console.web.messages import Request
from landing_zone.core.errors import OperatorError
from landing_zone.core.manifest import Key
from landing_zone.models.choice import caller_arn
from landing_zone.sources.checkout import read_manifest, use_case_names


class SessionPage:
    def __init__(self, context: Context) -> None:
        self._context = context

    def read(self, request: Request) -> dict[str, Any]:
        settings = self._context.settings
        missing = ""
        try:
            self._context.pipeline  # noqa: B018 - raises where nothing is deployed
        except OperatorError as error:
            missing = str(error)
        try:
            caller = caller_arn(self._context.aws.client("sts"))
        except (BotoCoreError, ClientError) as error:
            caller, missing = "", missing or str(error)
        manifest = read_manifest()
        return {
            "service": settings.service,
            "stage": settings.stage,
            "region": settings.region,
            "endpoint_url": settings.endpoint_url,
            "local": settings.is_local,
            "caller": caller,
            "not_deployed": missing,
            "use_cases": use_case_names(),
            "use_case": settings.use_case or manifest[Key.USE_CASE],
            "endpoint_type": settings.endpoint_type or manifest[Key.ENDPOINT_TYPE],
            "image_tag": settings.image_tag or manifest[Key.IMAGE_TAG],
            "variables": target_variables(settings),
        }

    def task(self, request: Request, identity: str) -> dict[str, Any]:
        return self._context.tasks.read(identity)
