"""One UpdateEndpoint: the new fleet starts, the traffic moves step by step, the old fleet stops.

Everything that goes wrong before the last step leads back to the old fleet and the old config.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial

from localaws.core.context import Context
from localaws.services.sagemaker.container.exits import MAX_REASON
from localaws.services.sagemaker.endpoints.alarms import RollbackAlarms
from localaws.services.sagemaker.endpoints.deployment import DeploymentPolicy, Kind, Step
from localaws.services.sagemaker.endpoints.fleet import Fleet
from localaws.services.sagemaker.endpoints.record import EndpointRecord
from localaws.services.sagemaker.endpoints.routes import EndpointRoutes
from localaws.services.sagemaker.endpoints.status import EndpointStatus, VariantStatus
from localaws.services.sagemaker.errors import WorkloadError

_log = logging.getLogger(__name__)
_INTERNAL = "Request to service failed. If failure persists after retry, contact customer support."
# How often the alarms are read, in emulated seconds, and the shortest pause in real seconds.
_ALARM_SECONDS = 2.0
_SHORTEST_PAUSE = 0.1


class _RollBackError(Exception):
    """The update goes back to the old fleet. The text is the FailureReason."""


class _ClosingError(Exception):
    """The server stops, and ends both fleets."""


class Update:
    """Replaces the fleet of an endpoint.

    Args:
        context: the surroundings of the service.
        routes: which fleets have the traffic.
        endpoint: an endpoint in the status Updating, whose ``fleet`` has the traffic.
        fleet: the new fleet, not started.
        policy: how the traffic moves.
        closing: set when the server stops.
    """

    def __init__(
        self,
        context: Context,
        routes: EndpointRoutes,
        endpoint: EndpointRecord,
        fleet: Fleet,
        policy: DeploymentPolicy,
        closing: threading.Event,
    ) -> None:
        assert endpoint.fleet is not None, f"{endpoint.arn} has no fleet to update"
        self._context, self._routes, self._closing = context, routes, closing
        self._endpoint, self._new, self._old = endpoint, fleet, endpoint.fleet
        self._policy = policy
        self._alarms = RollbackAlarms(context, policy.alarms)
        self._old_counts = dict(endpoint.fleet.desired_counts)
        self._deadline = context.clock.monotonic() + policy.maximum_seconds

    def run(self) -> None:
        """Updating to InService, with the new config or, after a rollback, with the old one."""
        try:
            self._check()
            steps = self._policy.steps(self._new.desired_counts)
            if self._policy.kind is Kind.ROLLING:
                for step in steps:
                    self._replace_batch(step)
            else:
                self._start(lambda: self._new.start())
                for step in steps:
                    self._shift(step)
                    self._bake(step)
        except _RollBackError as failure:
            self._roll_back(str(failure)[:MAX_REASON])
            return
        except _ClosingError:
            return
        except Exception:
            _log.exception("the update of %s is rolled back", self._endpoint.arn)
            self._roll_back(_INTERNAL)
            return
        self._endpoint.step(VariantStatus.DELETING)
        self._old.drain()
        self._old.stop()
        with self._endpoint.lock:
            self._endpoint.fleet, self._endpoint.pending = self._new, None
            self._endpoint.config_name = self._new.config_name
        self._endpoint.move(EndpointStatus.IN_SERVICE)

    def _replace_batch(self, step: Step) -> None:
        """A step of a rolling update: as many old instances stop as new ones have started."""
        self._start(lambda: self._new.scale(step.instances))
        self._shift(step)
        self._bake(step)
        self._endpoint.step(VariantStatus.DELETING)
        self._old.scale(
            {name: round(count * (1 - step.share)) for name, count in self._old_counts.items()}
        )

    @property
    def _variant(self) -> str:
        """The only variant of an endpoint that is updated in batches."""
        return next(iter(self._old_counts))

    def _start(self, start: Callable[[], None]) -> None:
        self._endpoint.step(VariantStatus.CREATING)
        failure = start_failure(start, self._new)
        if failure:
            raise _RollBackError(failure)
        self._check()

    def _shift(self, step: Step) -> None:
        self._endpoint.step(VariantStatus.ACTIVATING_TRAFFIC)
        self._routes.split(
            self._endpoint.name, {self._new: step.share, self._old: 1.0 - step.share}
        )

    def _bake(self, step: Step) -> None:
        """Wait, and look at the alarms meanwhile."""
        if step.wait_seconds:
            self._endpoint.step(VariantStatus.BAKING, step.message)
        clock = self._context.clock
        end = clock.monotonic() + step.wait_seconds
        while (left := end - clock.monotonic()) > 0:
            self._check()
            pause = max(_ALARM_SECONDS, _SHORTEST_PAUSE * clock.scale)
            if clock.wait(self._closing, min(left, pause)):
                raise _ClosingError
        self._check()

    def _check(self) -> None:
        """Give up when an alarm is raised or the deployment takes too long."""
        raised = self._alarms.raised()
        if raised:
            raise _RollBackError(
                f"The update to {self._new.config_name} was rolled back because the alarm(s) "
                f"{', '.join(raised)} of AutoRollbackConfiguration went into ALARM."
            )
        if self._context.clock.monotonic() > self._deadline:
            raise _RollBackError(
                f"The update to {self._new.config_name} was rolled back because it took longer than "
                f"{self._policy.maximum_seconds} seconds (MaximumExecutionTimeoutInSeconds)."
            )

    def _roll_back(self, reason: str) -> None:
        """Give all traffic to the old fleet and stop the new one."""
        status = EndpointStatus.IN_SERVICE
        lost = self._restore_old()
        if lost:
            # The old instances that are left get the traffic. Another UpdateEndpoint repairs the endpoint.
            status, reason = EndpointStatus.UPDATE_ROLLBACK_FAILED, f"{reason} {lost}"[:MAX_REASON]
        self._routes.route(self._endpoint.name, self._old)
        self._new.drain()
        self._new.stop()
        with self._endpoint.lock:
            self._endpoint.pending = None
        self._endpoint.move(status, reason)

    def _restore_old(self) -> str | None:
        """Start the old instances that a rolling update has stopped. Returns why one did not start."""
        total = sum(self._old_counts.values())
        size = self._policy.rollback_size
        while (running := len(self._old.instances)) < total:
            batch = size.instances(total) if size else total
            aim = min(total, running + batch)
            counts = {self._variant: aim}
            failure = start_failure(partial(self._old.scale, counts), self._old)
            if failure:
                return failure
            self._routes.split(
                self._endpoint.name, {self._old: aim / total, self._new: 1 - aim / total}
            )
        return None


def start_failure(start: Callable[[], None], fleet: Fleet) -> str | None:
    """Start instances. Returns the FailureReason."""
    try:
        start()
    except WorkloadError as error:
        return str(error)[:MAX_REASON]
    except Exception:
        _log.exception("instances for %s did not start", fleet.config_name)
        return _INTERNAL
    return None
