"""Execution environments: one for each concurrent invocation, reused while warm, closed when idle."""

from __future__ import annotations

import os
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
# Processes that start at the same time share the processors: with more of them, each takes longer.
CONCURRENT_STARTS = max(2, os.cpu_count() or 2)
# Real seconds after which a start counts no more. The initialisation of one function may wait for the answer
# of another one, which then has to start too.
START_SECONDS = 10.0
_LOOK_SECONDS = 0.5


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


Start = Callable[[RuntimeSpec, Callable[[], None]], Environment]


class ThrottledError(Exception):
    """No concurrency is left; ``reason`` is the Reason of AWS's TooManyRequestsException."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class EnvironmentPool:
    """All execution environments of an account and region.

    Only a few are started at a time. An invocation that would need one more waits for its turn, or for a warm
    environment that becomes free earlier.

    Args:
        start: creates an environment, whose process starts at once. It calls the given function when it can
            take an invocation, and when its process has ended.
    """

    def __init__(self, start: Start) -> None:
        self._start = start
        self._lock = threading.Lock()
        self._idle: dict[str, list[Environment]] = defaultdict(list)
        self._busy: dict[str, set[Environment]] = defaultdict(set)
        self._reserved: Counter[str] = Counter()
        self._generation: Counter[str] = Counter()
        # When each start has begun that has not ended.
        self._starts: dict[object, float] = {}
        self._closed = False
        self._reaper: threading.Thread | None = None
        self._wake = threading.Condition(self._lock)
        self._available = threading.Condition(self._lock)

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
        environment: Environment | None = None
        try:
            environment = self._take_or_start(spec)
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
                        self._available.notify_all()
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
            self._available.notify_all()
        for environment in everything:
            environment.close()

    def _admit(self, name: str, reserved_concurrency: int | None) -> None:
        if self._closed:
            raise ThrottledError("CallerRateLimitExceeded")
        if reserved_concurrency is not None and self._reserved[name] >= reserved_concurrency:
            raise ThrottledError("ReservedFunctionConcurrentInvocationLimitExceeded")
        if self._reserved.total() >= ACCOUNT_CONCURRENCY:
            raise ThrottledError("ConcurrentInvocationLimitExceeded")

    def _take_or_start(self, spec: RuntimeSpec) -> Environment:
        """A warm environment, or a new one when few enough are starting; it is busy from now on.

        Raises:
            ThrottledError: the pool was closed meanwhile.
        """
        busy = self._busy[spec.function_name]
        start = object()
        with self._lock:
            while (environment := self._take(spec)) is None:
                if self._closed:
                    raise ThrottledError("CallerRateLimitExceeded")
                if self._may_start():
                    self._starts[start] = time.monotonic()
                    break
                self._available.wait(_LOOK_SECONDS)
            if environment is not None:
                busy.add(environment)
                return environment
        try:
            environment = self._start(spec, lambda: self._end_start(start))
        except BaseException:
            self._end_start(start)
            raise
        with self._lock:
            busy.add(environment)
        return environment

    def _may_start(self) -> bool:
        limit = time.monotonic() - START_SECONDS
        return sum(began > limit for began in self._starts.values()) < CONCURRENT_STARTS

    def _end_start(self, start: object) -> None:
        with self._lock:
            if self._starts.pop(start, None) is not None:
                self._available.notify_all()

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
