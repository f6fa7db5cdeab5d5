"""Execution environments: one for each concurrent invocation, reused while warm, closed when idle."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Protocol

from localaws.services.lambda_.environment import RuntimeSpec
from localaws.services.lambda_.invocation import Invocation, InvocationResult

# Real seconds: a process holds real memory. AWS, too, keeps an idle environment for some minutes.
IDLE_SECONDS = 300.0
# AWS allows 1,000 per account and region. Here each is a Python process, so the limit is lower.
ACCOUNT_CONCURRENCY = 50


class Environment(Protocol):
    """What the pool needs of an execution environment."""

    spec: RuntimeSpec
    idle_since: float

    @property
    def alive(self) -> bool:
        """Whether it can take another invocation."""

    def invoke(self, invocation: Invocation) -> InvocationResult:
        """Run one invocation to its end."""

    def close(self) -> None:
        """End the process."""


class ThrottledError(Exception):
    """No concurrency is left; ``reason`` is the Reason of AWS's TooManyRequestsException."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class EnvironmentPool:
    """All execution environments of an account and region.

    Args:
        start: creates an environment, whose process starts at once.
    """

    def __init__(self, start: Callable[[RuntimeSpec], Environment]) -> None:
        self._start = start
        self._lock = threading.Lock()
        self._idle: dict[str, list[Environment]] = defaultdict(list)
        self._busy: dict[str, set[Environment]] = defaultdict(set)
        self._reserved: Counter[str] = Counter()
        self._generation: Counter[str] = Counter()
        self._closed = False
        self._reaper: threading.Thread | None = None
        self._wake = threading.Condition(self._lock)

    def run(
        self, spec: RuntimeSpec, invocation: Invocation, reserved_concurrency: int | None
    ) -> InvocationResult:
        """Run an invocation in a warm environment, or in a new one.

        Raises:
            ThrottledError: the function's or the account's concurrency is used up.
        """
        name = spec.function_name
        with self._lock:
            self._admit(name, reserved_concurrency)
            self._reserved[name] += 1
            generation = self._generation[name]
            environment = self._take(spec)
        try:
            if environment is None:
                environment = self._start(spec)
            with self._lock:
                self._busy[name].add(environment)
            return environment.invoke(invocation)
        finally:
            with self._lock:
                self._reserved[name] -= 1
                if environment is not None:
                    self._busy[name].discard(environment)
                    reusable = (
                        environment.alive
                        and generation == self._generation[name]
                        and not self._closed
                    )
                    if reusable:
                        self._idle[name].append(environment)
                        self._watch_idle()
            if environment is not None and not reusable:
                environment.close()

    def retire(self, function_name: str) -> None:
        """Close the idle environments of a function; busy ones are closed after their invocation."""
        with self._lock:
            self._generation[function_name] += 1
            idle = self._idle.pop(function_name, [])
        for environment in idle:
            environment.close()

    def close(self) -> None:
        """Close all environments, including the busy ones."""
        with self._lock:
            self._closed = True
            everything = [
                e for group in (self._idle, self._busy) for es in group.values() for e in es
            ]
            self._idle.clear()
            self._wake.notify_all()
        for environment in everything:
            environment.close()

    def _admit(self, name: str, reserved_concurrency: int | None) -> None:
        if self._closed:
            raise ThrottledError("CallerRateLimitExceeded")
        if reserved_concurrency is not None and self._reserved[name] >= reserved_concurrency:
            raise ThrottledError("ReservedFunctionConcurrentInvocationLimitExceeded")
        if self._reserved.total() >= ACCOUNT_CONCURRENCY:
            raise ThrottledError("ConcurrentInvocationLimitExceeded")

    def _take(self, spec: RuntimeSpec) -> Environment | None:
        # The most recently used first, as on AWS: the others stay idle and are closed.
        idle = self._idle[spec.function_name]
        for index in range(len(idle) - 1, -1, -1):
            if idle[index].spec == spec and idle[index].alive:
                return idle.pop(index)
        return None

    def _watch_idle(self) -> None:
        if self._reaper is None:
            self._reaper = threading.Thread(target=self._reap, name="lambda-reaper", daemon=True)
            self._reaper.start()

    def _reap(self) -> None:
        while True:
            with self._lock:
                if self._closed:
                    return
                limit = time.monotonic() - IDLE_SECONDS
                expired = [e for es in self._idle.values() for e in es if e.idle_since <= limit]
                for name in self._idle:
                    self._idle[name] = [e for e in self._idle[name] if e not in expired]
                if not expired:
                    self._wake.wait(IDLE_SECONDS / 10)
            for environment in expired:
                environment.close()
