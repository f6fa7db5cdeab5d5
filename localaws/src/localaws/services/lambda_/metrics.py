"""The metrics of functions in the namespace AWS/Lambda.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Final

from localaws.core.context import Context
from localaws.services.cloudwatch.store import MetricId, MetricStore
from localaws.services.lambda_.environment import RuntimeSpec
from localaws.services.lambda_.invocation import Invocation, InvocationResult
from localaws.services.lambda_.pool import EnvironmentPool, Start, ThrottledError

NAMESPACE: Final = "AWS/Lambda"
_UNITS: Final = {"Duration": "Milliseconds"}


class MeasuredPool(EnvironmentPool):
    """A pool that records each invocation, by function and in all."""

    def __init__(self, start: Start, context: Context) -> None:
        super().__init__(start)
        self._clock = context.clock
        self._store = context.shared(MetricStore)
        self._running: Counter[str] = Counter()
        self._running_lock = threading.Lock()

    def run(
        self, spec: RuntimeSpec, invocation: Invocation, reserved_concurrency: int | None
    ) -> InvocationResult:
        """As the pool does."""
        name = spec.function_name
        with self._running_lock:
            self._running[name] += 1
            concurrent, total = self._running[name], self._running.total()
        try:
            result = super().run(spec, invocation, reserved_concurrency)
        except ThrottledError:
            self._record(name, {"Throttles": 1.0})
            raise
        finally:
            with self._running_lock:
                self._running[name] -= 1
        self._record(
            name,
            {
                "Invocations": 1.0,
                "Errors": float(result.function_error),
                "Throttles": 0.0,
                "Duration": result.milliseconds,
                "ConcurrentExecutions": float(concurrent),
            },
        )
        metric = MetricId(NAMESPACE, "ConcurrentExecutions")
        self._store.add(metric, self._clock.now(), float(total), "Count")
        return result

    def _record(self, function: str, values: Mapping[str, float]) -> None:
        self._store.add_all(
            (
                (MetricId.of(NAMESPACE, name, dimensions), value, _UNITS.get(name, "Count"))
                for dimensions in (
                    {"FunctionName": function},
                    {"FunctionName": function, "Resource": function},
                )
                for name, value in values.items()
            ),
            self._clock.now(),
        )
