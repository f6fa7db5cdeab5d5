"""The background work of the operations that create, change and delete endpoints."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

from localaws.core.context import Context
from localaws.services.sagemaker.endpoints.deployment import DeploymentPolicy
from localaws.services.sagemaker.endpoints.fleet import Fleet
from localaws.services.sagemaker.endpoints.record import EndpointRecord
from localaws.services.sagemaker.endpoints.routes import EndpointRoutes
from localaws.services.sagemaker.endpoints.status import EndpointStatus, VariantStatus
from localaws.services.sagemaker.endpoints.update import Update, start_failure

_log = logging.getLogger(__name__)


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

    def update(self, endpoint: EndpointRecord, fleet: Fleet, policy: DeploymentPolicy) -> None:
        """Replace the fleet as the policy says: Updating to InService."""
        update = Update(self._context, self._routes, endpoint, fleet, policy, self._closing)
        self._in_background(update.run, endpoint)

    def scale(
        self, endpoint: EndpointRecord, weights: Mapping[str, float], counts: Mapping[str, int]
    ) -> None:
        """Change the weights and instance counts of variants: Updating to InService."""
        self._in_background(lambda: self._scale(endpoint, weights, counts), endpoint)

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
        failure = start_failure(fleet.start, fleet)
        if failure:
            fleet.stop(at_once=True)
            endpoint.fleet = None
            endpoint.move(EndpointStatus.FAILED, failure)
            return
        self._routes.route(endpoint.name, fleet)
        endpoint.move(EndpointStatus.IN_SERVICE)

    def _scale(
        self, endpoint: EndpointRecord, weights: Mapping[str, float], counts: Mapping[str, int]
    ) -> None:
        fleet = endpoint.fleet
        assert fleet is not None, f"{endpoint.arn} has no fleet to scale"
        before_weights, before_counts = dict(fleet.weights), dict(fleet.desired_counts)
        with endpoint.lock:
            fleet.desired_weights = before_weights | dict(weights)
            fleet.desired_counts = before_counts | dict(counts)
        endpoint.step(VariantStatus.UPDATING)
        failure = start_failure(lambda: fleet.scale(counts), fleet)
        if failure:
            endpoint.move(EndpointStatus.ROLLING_BACK, failure)
            with endpoint.lock:
                fleet.desired_weights, fleet.desired_counts = before_weights, before_counts
        else:
            fleet.weights = fleet.desired_weights
        endpoint.move(EndpointStatus.IN_SERVICE, failure)

    def _delete(self, endpoint: EndpointRecord, forget: Callable[[], None]) -> None:
        self._routes.remove(endpoint.name)
        if endpoint.fleet is not None:
            endpoint.fleet.drain()
            endpoint.fleet.stop()
        forget()

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
