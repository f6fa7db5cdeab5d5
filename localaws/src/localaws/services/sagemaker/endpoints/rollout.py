"""Fleets come and go: the background work of CreateEndpoint, UpdateEndpoint and DeleteEndpoint."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from localaws.core.context import Context
from localaws.services.sagemaker.container.exits import MAX_REASON
from localaws.services.sagemaker.endpoints import record as states
from localaws.services.sagemaker.endpoints.directory import EndpointDirectory
from localaws.services.sagemaker.endpoints.fleet import Fleet
from localaws.services.sagemaker.endpoints.record import EndpointRecord
from localaws.services.sagemaker.errors import JobError

_log = logging.getLogger(__name__)
_INTERNAL = "Request to service failed. If failure persists after retry, contact customer support."


class Rollouts:
    """Runs one thread per change of an endpoint."""

    def __init__(self, context: Context, directory: EndpointDirectory) -> None:
        self._context = context
        self._directory = directory
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
        """Stop what serves, then forget the endpoint."""
        self._in_background(lambda: self._delete(endpoint, forget), endpoint)

    def close(self, endpoints: list[EndpointRecord]) -> None:
        """End every process now."""
        self._closing.set()
        for endpoint in endpoints:
            self._directory.remove(endpoint.name)
            for fleet in (endpoint.fleet, endpoint.pending):
                if fleet is not None:
                    fleet.stop(at_once=True)
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(timeout=10)

    def _create(self, endpoint: EndpointRecord, fleet: Fleet) -> None:
        endpoint.step(states.VARIANT_CREATING)
        fault = self._start(fleet)
        if fault:
            fleet.stop(at_once=True)
            endpoint.fleet = None
            endpoint.move(states.FAILED, fault)
            return
        self._directory.route(endpoint.name, fleet)
        endpoint.move(states.IN_SERVICE)

    def _update(self, endpoint: EndpointRecord, fleet: Fleet, policy: dict[str, Any]) -> None:
        endpoint.step(states.VARIANT_CREATING)
        fault = self._start(fleet)
        if fault:
            # The old fleet never lost its traffic, so this is all there is to roll back.
            fleet.stop(at_once=True)
            endpoint.pending = None
            endpoint.move(states.IN_SERVICE, fault)
            return
        endpoint.step(states.VARIANT_ACTIVATING)
        old = self._directory.route(endpoint.name, fleet)
        self._bake(endpoint, policy)
        endpoint.step(states.VARIANT_DELETING)
        if old is not None:
            old.drain()
            old.stop()
        with endpoint.lock:
            endpoint.fleet, endpoint.pending = fleet, None
            endpoint.config_name = fleet.config_name
        endpoint.move(states.IN_SERVICE)

    def _bake(self, endpoint: EndpointRecord, policy: dict[str, Any]) -> None:
        seconds = policy.get("TerminationWaitInSeconds", 0)
        if seconds:
            endpoint.step(
                states.VARIANT_BAKING,
                f"Baking for {seconds} seconds (TerminationWaitInSeconds) with traffic enabled on all "
                "capacity of the new fleet.",
            )
            self._context.clock.wait(self._closing, seconds)

    def _delete(self, endpoint: EndpointRecord, forget: Callable[[], None]) -> None:
        self._directory.remove(endpoint.name)
        if endpoint.fleet is not None:
            endpoint.fleet.drain()
            endpoint.fleet.stop()
        forget()

    @staticmethod
    def _start(fleet: Fleet) -> str | None:
        """Start a fleet. Returns the FailureReason."""
        try:
            fleet.start()
        except JobError as fault:
            return str(fault)[:MAX_REASON]
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
