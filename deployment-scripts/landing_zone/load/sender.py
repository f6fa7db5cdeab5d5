"""Sends a load, and measures each latency from the time at which the request was due.

A request that had to wait for a free connection has waited for its answer as well. A client that measures
from the moment of sending leaves this wait out: while the target stalls it sends nothing, so one slow answer
stands for the hundreds of requests that callers would have made. This error is known as coordinated omission.
"""

from __future__ import annotations

import threading
import time
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from landing_zone.load.schedule import Load

# A request that starts later than this after its time counts as late.
LATE_SECONDS = 0.01
# So long a thread sleeps at most before it looks whether the test was stopped.
_LONGEST_SLEEP = 0.25


class Clock(Protocol):
    """Seconds that only grow; the tests have their own."""

    def now(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> float:
        return time.perf_counter()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass(frozen=True)
class Answer:
    """What came back: the code of an error or nothing, what it says, the variant that answered."""

    error: str = ""
    detail: str = ""
    variant: str = ""


class Target(Protocol):
    """Something that answers requests; several threads call it at once."""

    def send(self, body: bytes) -> Answer: ...


@dataclass
class Record:
    """What was measured: an entry of each array for each request that was sent, in the order of answers."""

    # Seconds from the start of the load.
    due: array[float] = field(default_factory=lambda: array("d"))
    latency: array[float] = field(default_factory=lambda: array("d"))
    # From the time at which a request was due until it was sent.
    delay: array[float] = field(default_factory=lambda: array("d"))
    failed: bytearray = field(default_factory=bytearray)
    errors: Counter[str] = field(default_factory=Counter)
    variants: Counter[str] = field(default_factory=Counter)
    # What the first error of each code says.
    details: dict[str, str] = field(default_factory=dict)
    late_without_connection: int = 0
    late_by_this_machine: int = 0
    # The times of requests that became due and were not sent.
    unsent: array[float] = field(default_factory=lambda: array("d"))
    elapsed: float = 0.0
    interrupted: bool = False

    def add(self, due: float, delay: float, latency: float, answer: Answer) -> None:
        self.due.append(due)
        self.delay.append(delay)
        self.latency.append(latency)
        self.failed.append(bool(answer.error))
        if answer.error:
            self.errors[answer.error] += 1
            self.details.setdefault(answer.error, answer.detail)
        else:
            self.variants[answer.variant] += 1


class Sender:
    """Threads with one connection each, which take the requests in the order in which they are due."""

    def __init__(self, load: Load, target: Target, rows: Sequence[bytes], clock: Clock) -> None:
        self.load = load
        self.record = Record()
        self._target = target
        self._rows = rows
        self._clock = clock
        self._requests = enumerate(load.due_times())
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._fault: BaseException | None = None
        self._begin = clock.now()

    def run(self, each_second: Callable[[Record, float], None]) -> Record:
        """Send everything; the function is called once a second with what was measured so far."""
        self._begin = self._clock.now()
        threads = [
            threading.Thread(target=self._guarded, name=f"connection-{number}", daemon=True)
            for number in range(min(self.load.connections, self.load.requests))
        ]
        try:
            for thread in threads:
                thread.start()
            self._follow(threads, each_second)
        except KeyboardInterrupt:
            self.record.interrupted = True
            self.record.elapsed = self._elapsed()
        finally:
            self._stopped.set()
            for thread in threads:
                if thread.ident is not None:
                    thread.join()
        if self._fault:
            raise self._fault
        self.close()
        return self.record

    def work(self) -> None:
        """Send requests until none is left or the time is over: what each thread does."""
        while (taken := self._take()) is not None:
            number, due, without_connection = taken
            self._wait_until(due)
            if self._stopped.is_set():
                with self._lock:
                    self.record.unsent.append(due)
                return
            started = self._elapsed()
            answer = self._target.send(self._rows[number % len(self._rows)])
            ended = self._elapsed()
            with self._lock:
                self.record.add(due, started - due, ended - due, answer)
                if started - due > LATE_SECONDS:
                    self.record.late_without_connection += without_connection
                    self.record.late_by_this_machine += not without_connection

    def close(self) -> None:
        """Note which requests became due but were not sent."""
        record = self.record
        if not record.interrupted:
            record.elapsed = self._elapsed()
        record.unsent.extend(due for _, due in self._requests)
        # A test that was interrupted does not owe what would have become due later.
        record.unsent = array("d", sorted(due for due in record.unsent if due <= record.elapsed))

    def _follow(
        self, threads: list[threading.Thread], each_second: Callable[[Record, float], None]
    ) -> None:
        shown = time.monotonic()
        for thread in threads:
            while thread.is_alive():
                thread.join(max(0.0, shown + 1 - time.monotonic()))
                if time.monotonic() >= shown + 1:
                    shown += 1
                    with self._lock:
                        each_second(self.record, self._elapsed())

    def _take(self) -> tuple[int, float, bool] | None:
        """The next request, its time, and whether this has passed because no connection was free."""
        with self._lock:
            elapsed = self._elapsed()
            # Requests that were held up are sent late, but not forever.
            over = elapsed > self.load.seconds + self.load.timeout_seconds
            if over or self._stopped.is_set():
                return None
            found = next(self._requests, None)
        return None if found is None else (*found, elapsed - found[1] > LATE_SECONDS)

    def _wait_until(self, due: float) -> None:
        while not self._stopped.is_set() and (left := due - self._elapsed()) > 0:
            self._clock.sleep(min(left, _LONGEST_SLEEP))

    def _elapsed(self) -> float:
        return self._clock.now() - self._begin

    def _guarded(self) -> None:
        """An error of this program ends the test: without a thread the target would only look slow."""
        try:
            self.work()
        except BaseException as error:
            self._fault = error
            self._stopped.set()
