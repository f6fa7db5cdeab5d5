"""The metrics of endpoints that are measured at intervals, whether or not there are requests.

https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from typing import Final

from localaws.core.context import Context
from localaws.services.cloudwatch.store import MetricId, MetricStore
from localaws.services.sagemaker.container.usage import Usage, machine_memory, usage_of_sessions
from localaws.services.sagemaker.endpoints.asynchronous import Backlogs
from localaws.services.sagemaker.endpoints.fleet import Fleet
from localaws.services.sagemaker.endpoints.routes import EndpointRoutes
from localaws.services.sagemaker.serving.container import start_thread

Value = tuple[MetricId, float, str]

_log = logging.getLogger(__name__)
_INVOCATIONS: Final = "AWS/SageMaker"
_INSTANCES: Final = "/aws/sagemaker/Endpoints"
# Emulated seconds between two values of ConcurrentRequestsPerModel and of the other metrics, and the shortest
# pause in real seconds.
_CONCURRENCY_SECONDS: Final = 10.0
_USAGE_SECONDS: Final = 60.0
_SHORTEST_PAUSE: Final = 1.0


class EndpointSampler:
    """Publishes the usage of instances, the requests in progress, and the backlogs.

    Args:
        context: the surroundings of the service.
        routes: the endpoints in service.
    """

    def __init__(self, context: Context, routes: EndpointRoutes) -> None:
        self._clock, self._routes = context.clock, routes
        self._store, self._backlogs = context.shared(MetricStore), context.shared(Backlogs)
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        # By process id: its processor time, and when it was measured (real seconds).
        self._measured: dict[int, tuple[float, float]] = {}

    def start(self) -> None:
        """Start the thread, once."""
        with self._lock:
            if self._thread is None:
                self._thread = start_thread(self._run, "endpoint-metrics")

    def close(self) -> None:
        """End the thread."""
        self._closing.set()

    def _run(self) -> None:
        usage_due = 0.0
        pause = max(_CONCURRENCY_SECONDS, _SHORTEST_PAUSE * self._clock.scale)
        while not self._clock.wait(self._closing, pause):
            try:
                fleets = self._routes.fleets()
                values = list(self._requests(fleets))
                if self._clock.monotonic() >= usage_due:
                    usage_due = self._clock.monotonic() + _USAGE_SECONDS
                    values += [*self._usage(fleets), *self._backlog(fleets)]
                self._store.add_all(values, self._clock.now())
            except Exception:
                _log.exception("the metrics of the endpoints were not measured")

    def _requests(self, fleets: dict[str, list[Fleet]]) -> Iterator[Value]:
        for name, own in fleets.items():
            outstanding: dict[str, int] = {}
            for instance in [i for fleet in own for i in list(fleet.instances)]:
                outstanding.setdefault(instance.variant, 0)
                outstanding[instance.variant] += instance.outstanding
            for variant, count in outstanding.items():
                metric = _of_variant(_INVOCATIONS, "ConcurrentRequestsPerModel", name, variant)
                yield metric, float(count), "Count"

    def _usage(self, fleets: dict[str, list[Fleet]]) -> Iterator[Value]:
        instances = [
            (name, instance)
            for name, own in fleets.items()
            for fleet in own
            for instance in list(fleet.instances)
        ]
        usage = usage_of_sessions(pid for _, instance in instances for pid in instance.pids)
        now = time.monotonic()
        memory = machine_memory()
        for name, instance in instances:
            pids = instance.pids
            total = sum((usage.get(pid, Usage()) for pid in pids), Usage())
            percent = [self._cpu_percent(pid, usage.get(pid, Usage()), now) for pid in pids]
            metric = _of_variant(_INSTANCES, "MemoryUtilization", name, instance.variant)
            yield metric, 100 * total.memory_bytes / memory, "Percent"
            measured = [value for value in percent if value is not None]
            if measured:
                metric = _of_variant(_INSTANCES, "CPUUtilization", name, instance.variant)
                yield metric, sum(measured), "Percent"
        self._measured = {pid: (used.cpu_seconds, now) for pid, used in usage.items()}

    def _cpu_percent(self, pid: int, usage: Usage, now: float) -> float | None:
        """Of one processor since the measurement before; None for a new process."""
        if pid not in self._measured:
            return None
        cpu_seconds, then = self._measured[pid]
        return 100 * max(0.0, usage.cpu_seconds - cpu_seconds) / max(0.001, now - then)

    def _backlog(self, fleets: dict[str, list[Fleet]]) -> Iterator[Value]:
        for name, (fleet, *_) in fleets.items():
            if fleet.plan.asynchronous is None:
                continue
            backlog = self._backlogs.of(name)
            instances = sum(map(fleet.ready_count, fleet.weights))
            for metric, value, unit in (
                ("ApproximateBacklogSize", backlog.size, "Count"),
                ("ApproximateBacklogSizePerInstance", backlog.size / max(1, instances), "Count"),
                ("ApproximateAgeOfOldestRequest", backlog.oldest_seconds, "Seconds"),
                ("HasBacklogWithoutCapacity", float(backlog.size > 0 and not instances), "Count"),
            ):
                yield MetricId.of(_INVOCATIONS, metric, {"EndpointName": name}), float(value), unit


def _of_variant(namespace: str, metric: str, endpoint: str, variant: str) -> MetricId:
    return MetricId.of(namespace, metric, {"EndpointName": endpoint, "VariantName": variant})
