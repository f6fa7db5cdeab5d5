"""The fleets that have the traffic of each endpoint.

The runtime service (InvokeEndpoint) has a provider of its own. This table is all that it shares with the
SageMaker service.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from localaws.services.sagemaker.endpoints.fleet import Fleet, Lease, UnknownVariantError


class UnknownEndpointError(Exception):
    """No endpoint of this name has traffic."""


class EndpointRoutes:
    """Endpoint name -> the fleets with its traffic, of one account and region."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shares: dict[str, dict[Fleet, float]] = {}

    def route(self, name: str, fleet: Fleet) -> None:
        """Give all traffic of an endpoint to ``fleet``."""
        self.split(name, {fleet: 1.0})

    def split(self, name: str, shares: dict[Fleet, float]) -> None:
        """Give each fleet its share of an endpoint's requests; a share of 0 is none."""
        with self._lock:
            self._shares[name] = {fleet: share for fleet, share in shares.items() if share > 0}

    def remove(self, name: str) -> None:
        """Take the traffic from an endpoint."""
        with self._lock:
            self._shares.pop(name, None)

    def fleets(self) -> dict[str, list[Fleet]]:
        """By endpoint name, the fleets with traffic, the one with the largest share first."""
        with self._lock:
            return {
                name: sorted(shares, key=lambda fleet: -shares[fleet])
                for name, shares in self._shares.items()
            }

    @contextmanager
    def lease(self, name: str, target_variant: str | None, seconds: float) -> Iterator[Lease]:
        """An instance of a fleet that has traffic.

        The fleet is chosen and the request is counted under one lock. A fleet that has lost the traffic
        and counts no requests gets no further ones.

        Raises:
            UnknownEndpointError: there is no such endpoint.
            UnknownVariantError: there is no such variant.
            NoInstanceError: no instance is ready.
        """
        with ExitStack() as stack:
            with self._lock:
                shares = self._shares.get(name)
                if shares is None:
                    raise UnknownEndpointError(name)
                fleet = random.choices(list(shares), list(shares.values()))[0]  # noqa: S311 - traffic
                fleet.hold()
            stack.callback(fleet.release)
            if target_variant in fleet.shadows:
                raise UnknownVariantError(target_variant)
            yield stack.enter_context(fleet.lease(target_variant, seconds))
