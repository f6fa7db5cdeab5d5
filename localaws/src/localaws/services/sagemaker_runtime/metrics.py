"""The metrics of endpoint invocations in the namespace AWS/SageMaker.

https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from localaws.core.context import Context
from localaws.services.cloudwatch.store import MetricId, MetricStore

NAMESPACE: Final = "AWS/SageMaker"
_NAMES: Final = {
    "Invocations": "None",
    "Invocation4XXErrors": "None",
    "Invocation5XXErrors": "None",
    "InvocationModelErrors": "None",
    "InvocationsPerInstance": "None",
    "ModelLatency": "Microseconds",
    "OverheadLatency": "Microseconds",
}


class InvocationMetrics:
    """Records each request that reached a variant, in memory: no call of an API is made."""

    def __init__(self, context: Context) -> None:
        self._clock = context.clock
        self._store = context.shared(MetricStore)

    def record(
        self,
        endpoint: str,
        variant: str,
        config: str,
        *,
        instances: int,
        status: int,
        seconds: float,
        model_seconds: float,
        setup_seconds: float = 0.0,
    ) -> None:
        """Record one request.

        Args:
            endpoint: name of the endpoint.
            variant: name of the variant that got the request.
            config: name of the endpoint config whose fleet got it.
            instances: how many instances the variant has.
            status: what the container answered; 0 when it did not.
            seconds: how long the request took in all, in real time.
            model_seconds: how long the container took.
            setup_seconds: how long it waited for the process of a serverless variant.
        """
        values = {
            "Invocations": 1.0,
            # 0 or 1 for each request, so that the average is the rate of errors.
            "Invocation4XXErrors": float(400 <= status < 500),
            "Invocation5XXErrors": float(status == 0 or status >= 500),
            "InvocationModelErrors": float(not 200 <= status < 300),
            "InvocationsPerInstance": 1.0 / max(1, instances),
            "ModelLatency": model_seconds * 1e6,
            "OverheadLatency": max(0.0, seconds - model_seconds) * 1e6,
        }
        now = self._clock.now()
        if setup_seconds:
            setup = MetricId.of(
                NAMESPACE, "ModelSetupTime", {"EndpointName": endpoint, "VariantName": variant}
            )
            self._store.add_all([(setup, setup_seconds * 1e6, "Microseconds")], now)
        self._store.add_all(
            (
                (metric, values[metric.name], _NAMES[metric.name])
                for metric in _metrics(endpoint, variant, config)
            ),
            now,
        )


@lru_cache(maxsize=1024)
def _metrics(endpoint: str, variant: str, config: str) -> tuple[MetricId, ...]:
    """Each metric by variant, and again by variant and endpoint config: the green fleet of a rollout."""
    of_variant = {"EndpointName": endpoint, "VariantName": variant}
    by_config: Mapping[str, str] = {**of_variant, "EndpointConfigName": config}
    found = [MetricId.of(NAMESPACE, name, of_variant) for name in _NAMES]
    found += [MetricId.of(NAMESPACE, name, by_config) for name in _NAMES]
    return tuple(found)
