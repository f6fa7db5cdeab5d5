"""The fleet that has the traffic of each endpoint.

The runtime service (InvokeEndpoint) has a provider of its own. This table is all that it shares with the
SageMaker service.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from localaws.services.sagemaker.endpoints.fleet import Fleet
from localaws.services.sagemaker.endpoints.instance import Instance


class UnknownEndpointError(Exception):
    """No endpoint of this name has traffic."""


class EndpointRoutes:
    """Endpoint name -> fleet, of one account and region."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fleets: dict[str, Fleet] = {}

    def route(self, name: str, fleet: Fleet) -> Fleet | None:
        """Give an endpoint's traffic to ``fleet``, all at once. Returns the fleet that had it."""
        with self._lock:
            previous = self._fleets.get(name)
            self._fleets[name] = fleet
            return previous

    def remove(self, name: str) -> None:
        """Take the traffic from an endpoint."""
        with self._lock:
            self._fleets.pop(name, None)

    @contextmanager
    def lease(self, name: str, target_variant: str | None, seconds: float) -> Iterator[Instance]:
        """An instance of the fleet that has the traffic.

        The fleet is looked up and the request is counted under one lock. A fleet that has lost the traffic
        and counts no requests gets no further ones.

        Raises:
            UnknownEndpointError: there is no such endpoint.
            UnknownVariantError: there is no such variant.
            NoInstanceError: no instance is ready.
        """
        with ExitStack() as stack:
            with self._lock:
                fleet = self._fleets.get(name)
                if fleet is None:
                    raise UnknownEndpointError(name)
                fleet.hold()
            stack.callback(fleet.release)
            yield stack.enter_context(fleet.lease(target_variant, seconds))
