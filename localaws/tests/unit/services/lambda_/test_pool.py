"""Execution environments: warm reuse, concurrency and its limits, retirement."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
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
    """Remembers every environment that a pool starts. While ``slow``, they start when the test says so."""

    def __init__(self) -> None:
        self.environments: list[FakeEnvironment] = []
        self.slow = False
        self.starting: list[Callable[[], None]] = []
        self.pool = EnvironmentPool(self)
        FakeEnvironment.count = 0

    def __call__(self, spec: RuntimeSpec, on_started: Callable[[], None]) -> FakeEnvironment:
        if self.slow:
            self.starting.append(on_started)
        else:
            on_started()
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


@pytest.fixture
def one_start(started: Started, monkeypatch: pytest.MonkeyPatch) -> Started:
    """One environment may start at a time, and does not end its start by itself."""
    monkeypatch.setattr(pool_module, "CONCURRENT_STARTS", 1)
    monkeypatch.setattr(pool_module, "START_SECONDS", 60)
    started.slow = True
    return started


def test_an_invocation_waits_for_a_warm_environment_while_another_one_starts(
    one_start: Started,
) -> None:
    thread, first = one_start.occupy()
    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(one_start.run) for _ in range(2)]
        first.release.set()
        assert [future.result(5) for future in waiting] == [b"1", b"1"]
    thread.join()
    assert len(one_start.environments) == 1


def test_environments_start_one_after_the_other(one_start: Started) -> None:
    thread, first = one_start.occupy()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(one_start.run)
        with pytest.raises(FutureTimeoutError):
            waiting.result(0.05)
        one_start.starting[0]()
        assert waiting.result(5) == b"2"
    first.release.set()
    thread.join()


def test_a_start_that_takes_too_long_does_not_hold_up_the_others(
    one_start: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "START_SECONDS", 0)
    thread, first = one_start.occupy()
    assert one_start.run(of=spec("other")) == b"2"
    first.release.set()
    thread.join()


def test_a_start_that_fails_makes_room_for_the_next(one_start: Started) -> None:
    def fail(spec: RuntimeSpec, on_started: Callable[[], None]) -> FakeEnvironment:
        raise OSError("no more processes")

    one_start.pool._start = fail
    for _ in range(2):
        with pytest.raises(OSError, match="no more processes"):
            one_start.run()


def test_a_waiting_invocation_counts_and_ends_with_the_pool(one_start: Started) -> None:
    thread, first = one_start.occupy()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(one_start.run)
        while one_start.pool._reserved["f"] < 2:
            time.sleep(0.001)
        with pytest.raises(ThrottledError, match="ReservedFunctionConcurrent"):
            one_start.run(reserved=2)
        one_start.pool.close()
        with pytest.raises(ThrottledError):
            waiting.result(5)
    first.release.set()
    thread.join()
