"""One invocation of a function: the event, and how it ended."""

from __future__ import annotations

import json
import signal
import threading
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Invocation:
    """An event for a handler."""

    request_id: str
    payload: bytes
    function_arn: str
    deadline_ms: int = 0
    client_context: str | None = None
    trace_id: str = field(default="Root=1-00000000-000000000000000000000000;Sampled=0")


@dataclass(frozen=True)
class InvocationResult:
    """How an invocation ended."""

    payload: bytes
    function_error: bool = False
    log_tail: str = ""
    milliseconds: float = 0.0
    """How long the handler took, without the start of its environment."""


@dataclass
class PendingInvocation:
    """An invocation whose result is not complete yet."""

    invocation: Invocation
    delivered: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)
    logged: threading.Event = field(default_factory=threading.Event)
    payload: bytes = b""
    function_error: bool = False
    started: float = 0.0
    """The monotonic time of the delivery."""

    def finish(self, payload: bytes, *, function_error: bool) -> None:
        """Set the answer. Only the first call counts."""
        if not self.done.is_set():
            self.payload, self.function_error = payload, function_error
            self.done.set()


def error_document(error_type: str, message: str) -> bytes:
    """The payload of a failed invocation, as Lambda itself writes it."""
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()


def exit_reason(code: int) -> str:
    """How Lambda describes the end of a process during an invocation, from its exit code."""
    if code == 0:
        return "Runtime exited without providing a reason"
    if code < 0:
        name = signal.strsignal(-code) or f"signal {-code}"
        return f"Runtime exited with error: signal: {name.lower()}"
    return f"Runtime exited with error: exit status {code}"
