"""The state of an endpoint and its declared transitions."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from localaws.services.sagemaker.endpoints.fleet import Fleet
from localaws.services.sagemaker.store import Record

CREATING, IN_SERVICE, UPDATING = "Creating", "InService", "Updating"
DELETING, FAILED = "Deleting", "Failed"
BUSY: Final = frozenset({CREATING, UPDATING, DELETING})

# API reference, DescribeEndpoint.EndpointStatus. An update whose new fleet fails ends InService, on the
# old config.
_TRANSITIONS: Final = {
    CREATING: frozenset({IN_SERVICE, FAILED}),
    IN_SERVICE: frozenset({UPDATING, DELETING}),
    UPDATING: frozenset({IN_SERVICE}),
    FAILED: frozenset({DELETING}),
    DELETING: frozenset(),
}

# API reference, ProductionVariantStatus.Status.
VARIANT_CREATING, VARIANT_ACTIVATING = "Creating", "ActivatingTraffic"
VARIANT_BAKING, VARIANT_DELETING = "Baking", "Deleting"


@dataclass
class EndpointRecord(Record):
    """One endpoint. Change its status only through :meth:`move`."""

    status: str = CREATING
    failure_reason: str | None = None
    config_name: str = ""
    fleet: Fleet | None = None
    """Has the traffic, or is to get the first traffic."""
    pending: Fleet | None = None
    """The new fleet of an update."""
    variant_status: str | None = None
    variant_message: str | None = None
    deployment: dict[str, Any] | None = None
    on_change: Callable[[EndpointRecord, bool], None] = field(default=lambda *_: None)
    now: Callable[[], datetime] = field(default=datetime.now)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def move(self, status: str, reason: str | None = None) -> None:
        """Go to ``status`` and tell whoever listens."""
        self.set_status(status, reason)
        self.announce()

    def announce(self) -> None:
        """Tell whoever listens. Not under the lock: a listener may ask for the endpoint in another thread."""
        self.on_change(self, False)

    def set_status(self, status: str, reason: str | None = None) -> None:
        """Go to ``status``. The one place that writes a status."""
        with self.lock:
            if status not in _TRANSITIONS[self.status]:
                raise AssertionError(f"{self.arn}: {self.status} -> {status} is not a transition")
            self.status = status
            self.failure_reason = reason
            self.variant_status = self.variant_message = None
            self.modified = self.now()

    def step(self, variant_status: str, message: str | None = None) -> None:
        """A step of a deployment, shown as VariantStatus."""
        with self.lock:
            self.variant_status, self.variant_message = variant_status, message
            self.modified = self.now()
        self.on_change(self, True)
