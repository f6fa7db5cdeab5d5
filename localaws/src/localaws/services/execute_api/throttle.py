"""Limits on the rate of requests, by stage and route.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, Final

from localaws.core.clock import Clock
from localaws.services.execute_api.request import RefusedError, Request

# The quotas of an account in a region, for a route without limits of its own.
_RATE: Final = 10_000.0
_BURST: Final = 5_000.0


@dataclass
class TokenBucket:
    """Tokens that a request takes; new ones come at a steady rate until the bucket is full."""

    rate: float
    burst: float
    tokens: float
    updated: float

    def take(self, now: float) -> bool:
        """Take a token; False when there is none."""
        self.tokens = min(self.burst, self.tokens + (now - self.updated) * self.rate)
        self.updated = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Throttle:
    """The buckets of every stage and route that has been called."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str, str], TokenBucket] = {}

    def take(self, request: Request) -> None:
        """Count a request.

        Raises:
            RefusedError: 429.
        """
        rate, burst = limits(request.stage.record, request.route_key)
        key = (request.api.id, request.stage.name, request.route_key)
        now = self._clock.monotonic()
        with self._lock:
            bucket = self._buckets.get(key)
            if bucket is None or (bucket.rate, bucket.burst) != (rate, burst):
                bucket = self._buckets[key] = TokenBucket(rate, burst, burst, now)
            taken = bucket.take(now)
        if not taken:
            raise RefusedError(429, "Too Many Requests", kind="THROTTLED")


def limits(stage: dict[str, Any], route_key: str) -> tuple[float, float]:
    """The requests per second and the burst of a route: its own, those of the stage, or the quota."""
    own = stage["RouteSettings"].get(route_key, {})
    default = stage["DefaultRouteSettings"]

    def limit(name: str, quota: float) -> float:
        value = own.get(name, default.get(name))
        return quota if value is None else min(float(value), quota)

    return limit("ThrottlingRateLimit", _RATE), limit("ThrottlingBurstLimit", _BURST)
