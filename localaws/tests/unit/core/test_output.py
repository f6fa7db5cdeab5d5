"""The output of a function's process, in order with its answers."""

from __future__ import annotations

import os
import time

from localaws.core.clock import Clock
from localaws.core.output import OutputPump
from localaws.services.lambda_.report import InvocationLog


def test_drain_passes_on_what_is_in_the_pipe_and_close_the_rest() -> None:
    read, write = os.pipe()
    lines: list[str] = []
    pump = OutputPump(os.fdopen(read, "rb", buffering=0), lines.append)
    os.write(write, b"one\ntwo\rof two\nthr")
    pump.drain()
    assert lines == ["one", "two\nof two"]
    os.write(write, b"ee\n\xff")
    pump.drain()
    assert lines[2:] == ["three"]
    os.close(write)
    pump.close()
    assert lines[3:] == ["\ufffd"]


def test_lines_arrive_without_being_asked_for() -> None:
    read, write = os.pipe()
    lines: list[str] = []
    pump = OutputPump(os.fdopen(read, "rb", buffering=0), lines.append)
    os.write(write, b"hello\n")
    deadline = time.monotonic() + 5
    while not lines:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.close(write)
    pump.close()
    assert lines == ["hello"]


class FakeWriter:
    stream = "2024/05/01/[$LATEST]abc"

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, line: str) -> None:
        self.lines.append(line)

    def close(self) -> None:
        """Nothing to send."""


def test_the_tail_is_that_of_the_last_invocation_and_4_kb_long() -> None:
    log = InvocationLog(FakeWriter(), "Text", Clock())
    log.line("of the first invocation")
    log.begin()
    log.line("x" * 5_000)
    log.line("end")
    assert log.tail() == "x" * (4_096 - 5) + "\nend\n"


def test_the_platform_writes_json_when_the_function_does() -> None:
    writer = FakeWriter()
    log = InvocationLog(writer, "JSON", Clock())
    log.start("r-1", "3")
    log.end(
        "r-1", milliseconds=1.234, memory_mb=128, max_memory_mb=40, init_ms=None, status="timeout"
    )
    assert (
        '"type": "platform.start", "record": {"requestId": "r-1", "version": "3"}'
        in (writer.lines[0])
    )
    assert '"type": "platform.report"' in writer.lines[1]
    assert '"status": "timeout"' in writer.lines[1]
    assert '"billedDurationMs": 2' in writer.lines[1]
