"""A clock that jumps, targets of known behaviour, and threads that send without real time passing."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable

from landing_zone.load.schedule import Load, Phase
from landing_zone.load.sender import Answer, Clock, Record, Sender


def constant(
    rate: float, seconds: float, connections: int = 50, timeout_seconds: float = 60.0
) -> Load:
    return Load((Phase(rate, rate, seconds),), 1_000_000, connections, timeout_seconds)


class VirtualClock:
    """The time jumps to the next sleeper once every thread sleeps, so one thread runs at a time."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._time = 0.0
        self._sleepers: list[tuple[float, int]] = []
        self._number = 0
        self._changed = threading.Condition()

    def now(self) -> float:
        return self._time

    def sleep(self, seconds: float) -> None:
        with self._changed:
            self._number += 1
            mine = (self._time + seconds, self._number)
            heapq.heappush(self._sleepers, mine)
            self._wake()
            self._changed.wait_for(lambda: mine not in self._sleepers)

    def leave(self) -> None:
        """A thread has ended."""
        with self._changed:
            self._threads -= 1
            self._wake()

    def _wake(self) -> None:
        if self._sleepers and len(self._sleepers) == self._threads:
            self._time, _ = heapq.heappop(self._sleepers)
            self._changed.notify_all()


class FakeTarget:
    """Takes a given time for each request, by the time at which it arrives."""

    def __init__(
        self,
        clock: Clock,
        seconds_of: Callable[[float], float],
        answer_of: Callable[[int], Answer] = lambda _: Answer(variant="AllTraffic"),
    ) -> None:
        self._clock = clock
        self._seconds_of = seconds_of
        self._answer_of = answer_of
        self.bodies: list[bytes] = []

    def send(self, body: bytes) -> Answer:
        self.bodies.append(body)
        answer = self._answer_of(len(self.bodies) - 1)
        self._clock.sleep(self._seconds_of(self._clock.now()))
        return answer


def stall(at: float, seconds: float, otherwise: float = 0.001) -> Callable[[float], float]:
    """Nothing is answered from `at` for some seconds; the rest takes a millisecond."""

    def seconds_of(now: float) -> float:
        return at + seconds - now if at <= now < at + seconds else otherwise

    return seconds_of


def send(
    load: Load,
    seconds_of: Callable[[float], float],
    answer_of: Callable[[int], Answer] = lambda _: Answer(variant="AllTraffic"),
) -> Record:
    """Send a load with as many threads as it has connections."""
    clock = VirtualClock(load.connections)
    sender = Sender(load, FakeTarget(clock, seconds_of, answer_of), [b"1,2\n"], clock)

    def thread() -> None:
        try:
            sender.work()
        finally:
            clock.leave()

    threads = [threading.Thread(target=thread) for _ in range(load.connections)]
    for started in threads:
        started.start()
    for started in threads:
        started.join(timeout=60)
    sender.close()
    return sender.record
