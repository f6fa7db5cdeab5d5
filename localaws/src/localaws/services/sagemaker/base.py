"""What the operations of every resource share."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from localaws.core.context import Context
from localaws.core.provider import Provider
from localaws.services.sagemaker.store import Store

if TYPE_CHECKING:
    from localaws.services.sagemaker.endpoints.directory import EndpointDirectory
    from localaws.services.sagemaker.jobs.engine import JobEngine


class SageMakerBase(Provider):
    """State and shared functions of :class:`~localaws.services.sagemaker.provider.SageMakerProvider`.

    Every name starts with an underscore: a public method of a provider is an operation of AWS.
    """

    service_name = "sagemaker"
    _store: Store
    _engine: JobEngine
    _directory: EndpointDirectory

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._store = Store()

    def _arn(self, kind: str, name: str) -> str:
        # SageMaker lowers names in ARNs.
        return self.context.arn("sagemaker", f"{kind}/{name.lower()}")

    def _now(self) -> datetime:
        # The wire carries milliseconds; what is described and what is compared must be the same.
        now = self.context.clock.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)
