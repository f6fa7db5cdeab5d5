"""Execution environments: warm reuse, concurrency and its limits, retirement."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from localaws.services.lambda_ import pool as pool_module
from localaws.services.lambda_.environment import RuntimeSpec
from localaws.services.lambda_.invocation import Invocation, InvocationResult
from localaws.services.lambda_.pool import EnvironmentPool, ThrottledError


def spec(name: str = "f", version: str = "$LATEST") -> RuntimeSpec:
    return RuntimeSpec(name, version, "main.handler", Path("code"), (), 3.0, 128, "/aws/lambda/f")


class FakeEnvironment:
    """Answers with its own number. The payload says whether it waits for ``release`` or ends."""

    count = 0

    def __init__(self, spec: RuntimeSpec) -> None:
        FakeEnvironment.count += 1
        self.number = FakeEnvironment.count
        self.spec = spec
        self.idle_since = time.monotonic()
        self.alive = True
        self.release = threading.Event()
        self.started = threading.Event()

    def invoke(self, invocation: Invocation) -> InvocationResult:
        self.started.set()
        if invocation.payload == b"wait":
            assert self.release.wait(5)
        if invocation.payload == b"die":
            self.alive = False
        return InvocationResult(str(self.number).encode())

    def close(self) -> None:
        self.alive = False


class Started:
    """Remembers every environment that a pool starts."""

    def __init__(self) -> None:
        self.environments: list[FakeEnvironment] = []
        self.pool = EnvironmentPool(self)
        FakeEnvironment.count = 0

    def __call__(self, spec: RuntimeSpec) -> FakeEnvironment:
        self.environments.append(FakeEnvironment(spec))
        return self.environments[-1]

    def run(
        self, payload: bytes = b"", reserved: int | None = None, of: RuntimeSpec | None = None
    ) -> bytes:
        return self.pool.run(of or spec(), Invocation("id", payload, "arn"), reserved).payload

    def occupy(self) -> tuple[threading.Thread, FakeEnvironment]:
        before = len(self.environments)
        thread = threading.Thread(target=self.run, args=(b"wait",))
        thread.start()
        while len(self.environments) == before:
            time.sleep(0.001)
        assert self.environments[-1].started.wait(5)
        return thread, self.environments[-1]


@pytest.fixture
def started() -> Started:
    return Started()


def test_a_warm_environment_is_reused(started: Started) -> None:
    assert [started.run(), started.run()] == [b"1", b"1"]


def test_a_dead_environment_is_not(started: Started) -> None:
    assert [started.run(b"die"), started.run()] == [b"1", b"2"]


def test_another_version_has_its_own(started: Started) -> None:
    assert [started.run(), started.run(of=spec(version="1")), started.run()] == [b"1", b"2", b"1"]


def test_each_concurrent_invocation_has_its_own(started: Started) -> None:
    thread, first = started.occupy()
    assert started.run() == b"2"
    first.release.set()
    thread.join()
    # The most recently used one first.
    assert started.run() == b"1"


def test_reserved_concurrency_is_a_limit(started: Started) -> None:
    thread, first = started.occupy()
    with pytest.raises(ThrottledError) as throttled:
        started.run(reserved=1)
    assert throttled.value.reason == "ReservedFunctionConcurrentInvocationLimitExceeded"
    first.release.set()
    thread.join()
    assert started.run(reserved=1) == b"1"


def test_the_account_has_a_limit(started: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "ACCOUNT_CONCURRENCY", 1)
    thread, first = started.occupy()
    with pytest.raises(ThrottledError, match="ConcurrentInvocationLimitExceeded"):
        started.run(of=spec("other"))
    first.release.set()
    thread.join()


def test_retiring_ends_idle_environments_now_and_busy_ones_later(started: Started) -> None:
    thread, busy = started.occupy()
    started.run()
    idle = started.environments[-1]
    started.pool.retire("f")
    assert (busy.alive, idle.alive) == (True, False)
    busy.release.set()
    thread.join()
    assert not busy.alive
    assert started.run() == b"3"


def test_closing_ends_everything_and_refuses_the_rest(started: Started) -> None:
    started.run()
    started.pool.close()
    assert not started.environments[0].alive
    with pytest.raises(ThrottledError):
        started.run()


def test_an_idle_environment_is_ended(started: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "IDLE_SECONDS", 0.05)
    started.run()
    deadline = time.monotonic() + 5
    while started.environments[0].alive:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert started.run() == b"2"
