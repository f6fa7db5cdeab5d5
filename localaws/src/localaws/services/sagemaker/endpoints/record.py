"""The state of an endpoint."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localaws.services.sagemaker.endpoints.fleet import Fleet
from localaws.services.sagemaker.endpoints.status import TRANSITIONS, EndpointStatus, VariantStatus
from localaws.services.sagemaker.store import Record


@dataclass
class EndpointRecord(Record):
    """One endpoint. Change its status only through :meth:`move`."""

    status: EndpointStatus = EndpointStatus.CREATING
    failure_reason: str | None = None
    config_name: str = ""
    fleet: Fleet | None = None
    """The fleet that has the traffic, or will be the first to get it."""
    pending: Fleet | None = None
    """The new fleet of an update."""
    variant_status: VariantStatus | None = None
    variant_message: str | None = None
    deployment: dict[str, Any] | None = None
    on_change: Callable[[EndpointRecord, bool], None] = field(default=lambda *_: None)
    now: Callable[[], datetime] = field(default=datetime.now)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def move(self, status: EndpointStatus, reason: str | None = None) -> None:
        """Go to ``status`` and publish the change."""
        self.set_status(status, reason)
        self.announce()

    def announce(self) -> None:
        """Publish a change. Not under the lock: a listener may ask for the endpoint in another thread."""
        self.on_change(self, False)

    def set_status(self, status: EndpointStatus, reason: str | None = None) -> None:
        """Go to ``status``. Nothing else writes it."""
        with self.lock:
            if status not in TRANSITIONS[self.status]:
                raise AssertionError(f"{self.arn}: {self.status} -> {status} is not a transition")
            self.status = status
            self.failure_reason = reason
            self.variant_status = self.variant_message = None
            self.modified = self.now()

    def step(self, variant_status: VariantStatus, message: str | None = None) -> None:
        """A step of a deployment, shown as VariantStatus."""
        with self.lock:
            self.variant_status, self.variant_message = variant_status, message
            self.modified = self.now()
        self.on_change(self, True)
