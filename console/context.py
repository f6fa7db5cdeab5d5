"""What the pages share: settings, AWS clients, the pipeline of the deployment."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import cached_property
from typing import Any

from console.tasks import Tasks
from console.web.live import Changes
from console.web.messages import RequestError
from landing_zone.core.aws import Aws
from landing_zone.core.deployment import Deployment, load_deployment
from landing_zone.core.settings import DEPLOYMENT, Settings
from landing_zone.models.registry import Registry
from landing_zone.models.targets import Endpoints
from landing_zone.runs.pipeline import Pipeline


class SharedAws(Aws):
    """Clients for several threads: boto3 uses them safely, but must not create two at the same time."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._lock = threading.Lock()

    def client(self, service_name: str) -> Any:
        with self._lock:
            return super().client(service_name)


class Context:
    """One deployment of the landing zone, as the settings name it.

    Args:
        settings: which deployment.
        aws: makes the clients.
        changes: told about everything that a task changes.
    """

    def __init__(self, settings: Settings, aws: Aws, changes: Changes) -> None:
        self.settings = settings
        self.aws = aws
        self.tasks = Tasks(changes.announce)
        self._lock = threading.Lock()
        self._pipeline: Pipeline | None = None

    def warm_up(self) -> None:
        """Create the clients of the first pages, which takes half a second that nobody should wait for."""
        for service in ("ssm", "codepipeline", "sts", "s3", "sagemaker", "stepfunctions"):
            self.aws.client(service)

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline; an error that says how to deploy while nothing is deployed."""
        with self._lock:
            if self._pipeline is None:
                self._pipeline = Pipeline(self.aws, self._load_deployment())
            return self._pipeline

    @property
    def deployment(self) -> Deployment:
        return self.pipeline.deployment

    @cached_property
    def registry(self) -> Registry:
        return Registry(self.aws, self.settings.prefix)

    @cached_property
    def endpoints(self) -> Endpoints:
        return Endpoints(self.aws)

    def settings_with(self, **changes: str) -> Settings:
        """The settings with other values, checked like the environment."""
        known = {setting.name: setting for setting in DEPLOYMENT}
        for name, value in changes.items():
            _, error = known[name.upper()].read({name.upper(): value})
            if error:
                raise RequestError(error)
        return replace(self.settings, **changes)

    def _load_deployment(self) -> Deployment:
        return load_deployment(self.aws, self.settings)


def reason_in(document: dict[str, Any]) -> str:
    """The reason that a page sends; none of the actions is done without one."""
    reason = str(document.get("reason", "")).strip()
    if not reason:
        raise RequestError("an answer needs a reason")
    return reason
