"""The background work of CreateEndpoint, UpdateEndpoint and DeleteEndpoint."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from localaws.core.context import Context
from localaws.services.sagemaker.container.exits import MAX_REASON
from localaws.services.sagemaker.endpoints.fleet import Fleet
from localaws.services.sagemaker.endpoints.record import EndpointRecord
from localaws.services.sagemaker.endpoints.routes import EndpointRoutes
from localaws.services.sagemaker.endpoints.status import EndpointStatus, VariantStatus
from localaws.services.sagemaker.errors import WorkloadError

_log = logging.getLogger(__name__)
_INTERNAL = "Request to service failed. If failure persists after retry, contact customer support."


class Rollouts:
    """Runs one thread for each change of an endpoint."""

    def __init__(self, context: Context, routes: EndpointRoutes) -> None:
        self._context = context
        self._routes = routes
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()

    def create(self, endpoint: EndpointRecord, fleet: Fleet) -> None:
        """Start the first fleet: Creating to InService, or to Failed."""
        self._in_background(lambda: self._create(endpoint, fleet), endpoint)

    def update(self, endpoint: EndpointRecord, fleet: Fleet, policy: dict[str, Any]) -> None:
        """Start a new fleet beside the old one, then move all traffic: Updating to InService."""
        self._in_background(lambda: self._update(endpoint, fleet, policy), endpoint)

    def delete(self, endpoint: EndpointRecord, forget: Callable[[], None]) -> None:
        """Stop the fleet, then forget the endpoint."""
        self._in_background(lambda: self._delete(endpoint, forget), endpoint)

    def close(self, endpoints: list[EndpointRecord]) -> None:
        """End every process immediately."""
        self._closing.set()
        for endpoint in endpoints:
            self._routes.remove(endpoint.name)
            for fleet in (endpoint.fleet, endpoint.pending):
                if fleet is not None:
                    fleet.stop(at_once=True)
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(timeout=10)

    def _create(self, endpoint: EndpointRecord, fleet: Fleet) -> None:
        endpoint.step(VariantStatus.CREATING)
        failure = self._start(fleet)
        if failure:
            fleet.stop(at_once=True)
            endpoint.fleet = None
            endpoint.move(EndpointStatus.FAILED, failure)
            return
        self._routes.route(endpoint.name, fleet)
        endpoint.move(EndpointStatus.IN_SERVICE)

    def _update(self, endpoint: EndpointRecord, fleet: Fleet, policy: dict[str, Any]) -> None:
        endpoint.step(VariantStatus.CREATING)
        failure = self._start(fleet)
        if failure:
            # The old fleet never lost the traffic, so nothing else has to be rolled back.
            fleet.stop(at_once=True)
            endpoint.pending = None
            endpoint.move(EndpointStatus.IN_SERVICE, failure)
            return
        endpoint.step(VariantStatus.ACTIVATING_TRAFFIC)
        old = self._routes.route(endpoint.name, fleet)
        self._bake(endpoint, policy)
        endpoint.step(VariantStatus.DELETING)
        if old is not None:
            old.drain()
            old.stop()
        with endpoint.lock:
            endpoint.fleet, endpoint.pending = fleet, None
            endpoint.config_name = fleet.config_name
        endpoint.move(EndpointStatus.IN_SERVICE)

    def _bake(self, endpoint: EndpointRecord, policy: dict[str, Any]) -> None:
        seconds = policy.get("TerminationWaitInSeconds", 0)
        if seconds:
            endpoint.step(
                VariantStatus.BAKING,
                f"Baking for {seconds} seconds (TerminationWaitInSeconds) with traffic enabled on all "
                "capacity of the new fleet.",
            )
            self._context.clock.wait(self._closing, seconds)

    def _delete(self, endpoint: EndpointRecord, forget: Callable[[], None]) -> None:
        self._routes.remove(endpoint.name)
        if endpoint.fleet is not None:
            endpoint.fleet.drain()
            endpoint.fleet.stop()
        forget()

    @staticmethod
    def _start(fleet: Fleet) -> str | None:
        """Start a fleet. Returns the FailureReason."""
        try:
            fleet.start()
        except WorkloadError as error:
            return str(error)[:MAX_REASON]
        except Exception:
            _log.exception("a fleet for %s did not start", fleet.config_name)
            return _INTERNAL
        return None

    def _in_background(self, work: Callable[[], None], endpoint: EndpointRecord) -> None:
        def run() -> None:
            try:
                work()
            except Exception:
                _log.exception("the change of %s was not finished", endpoint.arn)
            finally:
                with self._lock:
                    self._threads.discard(threading.current_thread())

        thread = threading.Thread(target=run, name=f"endpoint/{endpoint.name}", daemon=True)
        with self._lock:
            self._threads.add(thread)
        thread.start()
