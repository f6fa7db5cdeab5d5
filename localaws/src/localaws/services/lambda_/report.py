"""The log of an execution environment: the lines of the function between those of the platform."""

from __future__ import annotations

import json
import math
import threading
from typing import Any, Literal, Protocol

from localaws.core.clock import Clock

LogFormat = Literal["Text", "JSON"]
# LogType=Tail returns the last 4 KB.
_TAIL_BYTES = 4_096


class LineWriter(Protocol):
    """A CloudWatch log stream."""

    stream: str

    def write(self, line: str) -> None:
        """Add one event."""

    def close(self) -> None:
        """Send the remaining lines."""


class InvocationLog:
    """Writes INIT_START, START, END and REPORT as Lambda does, as text or as JSON."""

    def __init__(self, writer: LineWriter, log_format: LogFormat, clock: Clock) -> None:
        self.stream = writer.stream
        self._writer = writer
        self._format = log_format
        self._clock = clock
        self._lock = threading.Lock()
        self._tail: list[str] = []

    def init_start(self) -> None:
        """The environment is being created."""
        self._platform(
            "platform.initStart",
            "INIT_START Runtime Version: localaws (the interpreter that runs it)",
            {"initializationType": "on-demand", "phase": "init"},
        )

    def begin(self) -> None:
        """A new invocation begins; so does its tail."""
        with self._lock:
            self._tail = []

    def line(self, text: str) -> None:
        """Write a line of the function."""
        self._writer.write(text)
        with self._lock:
            self._tail.append(text)

    def start(self, request_id: str, version: str) -> None:
        """The runtime has taken the event."""
        self._platform(
            "platform.start",
            f"START RequestId: {request_id} Version: {version}",
            {"requestId": request_id, "version": version},
        )

    def end(
        self,
        request_id: str,
        *,
        milliseconds: float,
        memory_mb: int,
        max_memory_mb: int | None,
        init_ms: float | None,
        status: str | None,
    ) -> None:
        """The END and REPORT lines. ``status`` is None after a normal end."""
        metrics: dict[str, Any] = {
            "durationMs": round(milliseconds, 2),
            "billedDurationMs": math.ceil(milliseconds),
            "memorySizeMB": memory_mb,
        }
        text = (
            f"REPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms\t"
            f"Billed Duration: {math.ceil(milliseconds)} ms\tMemory Size: {memory_mb} MB\t"
        )
        if max_memory_mb is not None:
            metrics["maxMemoryUsedMB"] = max_memory_mb
            text += f"Max Memory Used: {max_memory_mb} MB\t"
        if init_ms is not None:
            metrics["initDurationMs"] = round(init_ms, 2)
            text += f"Init Duration: {init_ms:.2f} ms\t"
        if status is not None:
            text += f"Status: {status}"
        if self._format == "Text":
            self.line(f"END RequestId: {request_id}")
        record = {"requestId": request_id, "status": status or "success", "metrics": metrics}
        self._platform("platform.report", text, record)

    def tail(self) -> str:
        """The last 4 KB of the current invocation's log."""
        with self._lock:
            text = "".join(f"{line}\n" for line in self._tail)
        return text.encode()[-_TAIL_BYTES:].decode(errors="ignore")

    def close(self) -> None:
        """Send the remaining lines."""
        self._writer.close()

    def _platform(self, kind: str, text: str, record: dict[str, Any]) -> None:
        if self._format == "Text":
            self.line(text)
            return
        now = self._clock.now()
        time = now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"
        self.line(json.dumps({"time": time, "type": kind, "record": record}))
