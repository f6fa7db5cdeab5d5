"""One execution environment: the process of a function, its Runtime API and its log stream."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from localaws.core.context import Context
from localaws.core.output import OutputPump
from localaws.services.lambda_.invocation import (
    Invocation,
    InvocationResult,
    PendingInvocation,
    error_document,
    exit_reason,
)
from localaws.services.lambda_.report import InvocationLog, LogFormat
from localaws.services.lambda_.runtime_api import RuntimeApi

# Quota of Lambda: the answer of a synchronous invocation.
MAX_RESPONSE_BYTES = 6_291_556
# Real seconds. AWS allows 10 s for the initialisation and then repeats it within the invocation. On a busy
# laptop an import can take longer, which says nothing about the function.
INIT_SECONDS = 60.0


@dataclass(frozen=True)
class RuntimeSpec:
    """Everything that determines how the process of a function is started. Equal specs share environments."""

    function_name: str
    version: str
    handler: str
    code_dir: Path
    environment: tuple[tuple[str, str], ...]
    timeout_seconds: float
    memory_mb: int
    log_group: str
    log_format: LogFormat = "Text"


class ExecutionEnvironment:
    """Starts the process at once. Runs one invocation at a time until the process ends or it is closed.

    Args:
        spec: how the process is started.
        context: the surroundings of the service.
        on_started: is called when the function is initialised, and when the process has ended.
    """

    def __init__(self, spec: RuntimeSpec, context: Context, on_started: Callable[[], None]) -> None:
        self.spec = spec
        self._on_started = on_started
        self.idle_since = time.monotonic()
        self._context = context
        self._lock = threading.Lock()
        self._current: PendingInvocation | None = None
        self._init_error: bytes | None = None
        self._init_done = threading.Event()
        self._exited = threading.Event()
        self._scratch = context.work_dir / "tmp" / uuid.uuid4().hex
        self._scratch.mkdir(parents=True)
        self._log = InvocationLog(
            context.log_writer(spec.log_group, _log_stream_name(context.clock.now(), spec.version)),
            spec.log_format,
            context.clock,
        )
        self._log.init_start()
        self._started = time.monotonic()
        self._init_ms: float | None = None
        self._api = RuntimeApi(self)
        self._process = self._spawn()
        assert self._process.stdout is not None
        self._output = OutputPump(self._process.stdout, self._log.line)
        threading.Thread(
            target=self._wait_for_exit, name=f"lambda-{spec.function_name}", daemon=True
        ).start()

    @property
    def alive(self) -> bool:
        """Whether the process can take another invocation."""
        return not self._exited.is_set() and self._process.poll() is None

    def invoke(self, invocation: Invocation) -> InvocationResult:
        """Run one invocation to its end. Afterwards :attr:`alive` says whether the process has survived."""
        running = PendingInvocation(invocation)
        with self._lock:
            self._current = running
            exited = self._exited.is_set()
        self._log.begin()
        if exited:
            self._finish_after_exit(running)
        else:
            self._api.submit(invocation)
        status = self._await(running)
        self._output.drain()
        with self._lock:
            self._current = None
        milliseconds = (time.monotonic() - running.started) * 1000 if running.started else 0.0
        self._log.end(
            invocation.request_id,
            milliseconds=milliseconds,
            memory_mb=self.spec.memory_mb,
            max_memory_mb=_peak_memory_mb(self._process.pid),
            init_ms=self._init_ms,
            status=status,
        )
        running.logged.set()
        self._init_ms = None
        self.idle_since = time.monotonic()
        tail = self._log.tail()
        return InvocationResult(running.payload, running.function_error, tail, milliseconds)

    def close(self) -> None:
        """End the process and everything it started."""
        self._api.close()
        self._context.processes.terminate(self._process, grace_seconds=0.0)
        # _wait_for_exit notices the end of the process and releases the rest.
        self._exited.wait(5.0)

    # --- what the runtime client reports (RuntimeObserver) -------------------------------------------

    def on_ready(self) -> None:
        """The first poll of the runtime ends the initialisation."""
        if not self._init_done.is_set():
            self._init_ms = (time.monotonic() - self._started) * 1000
            self._init_done.set()
            self._on_started()

    def on_delivery(self, invocation: Invocation) -> Invocation:
        """The timeout of the invocation starts when the runtime takes it."""
        self._output.drain()
        self._log.start(invocation.request_id, self.spec.version)
        with self._lock:
            running = self._current
        if running is not None:
            running.started = time.monotonic()
            running.delivered.set()
        # The function compares the deadline with its own clock, which is the machine's.
        deadline = time.time() + self.spec.timeout_seconds
        return dataclasses.replace(invocation, deadline_ms=int(deadline * 1000))

    def on_response(self, request_id: str, payload: bytes) -> None:
        """The handler returned."""
        if len(payload) > MAX_RESPONSE_BYTES:
            message = (
                "Response payload size exceeded maximum allowed payload size "
                f"({MAX_RESPONSE_BYTES} bytes)."
            )
            self._finish(request_id, error_document("Function.ResponseSizeTooLarge", message), True)
        else:
            self._finish(request_id, payload, False)

    def on_error(self, request_id: str, error: bytes) -> None:
        """The handler raised."""
        self._finish(request_id, error, True)

    def on_init_error(self, error: bytes) -> None:
        """The handler's module could not be loaded: every invocation of this environment fails with this."""
        with self._lock:
            self._init_error = error
            running = self._current
        if running is not None:
            running.finish(error, function_error=True)

    # --- the process ---------------------------------------------------------------------------------

    def _spawn(self) -> subprocess.Popen[bytes]:
        environment = dict(self.spec.environment) | {
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "AWS_LAMBDA_LOG_STREAM_NAME": self._log.stream,
            "TMPDIR": str(self._scratch),
        }
        return self._context.processes.spawn(
            # -S: without site-packages, see runtime_packages.
            [sys.executable, "-S", "-m", "awslambdaric", self.spec.handler],
            env=environment,
            cwd=self.spec.code_dir,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def _await(self, running: PendingInvocation) -> str | None:
        """Wait for the result or for the timeout; returns the status of the REPORT line."""
        while not running.delivered.wait(0.05) and not running.done.is_set():
            if time.monotonic() - self._started > INIT_SECONDS and not self._init_done.is_set():
                return self._time_out(running, INIT_SECONDS)
        # Real seconds: with a faster clock, a process works as slowly as ever.
        if running.done.wait(self.spec.timeout_seconds):
            return "error" if self._exited.is_set() else None
        return self._time_out(running, self.spec.timeout_seconds)

    def _time_out(self, running: PendingInvocation, seconds: float) -> str:
        now = self._context.clock.now()
        stamp = now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"
        message = (
            f"{stamp} {running.invocation.request_id} Task timed out after {seconds:.2f} seconds"
        )
        running.finish(error_document("Sandbox.Timedout", message), function_error=True)
        self.close()
        self._output.drain()
        self._log.line(message)
        return "timeout"

    def _finish(self, request_id: str, payload: bytes, function_error: bool) -> None:
        with self._lock:
            running = self._current
        if running is not None and running.invocation.request_id == request_id:
            running.finish(payload, function_error=function_error)

    def _finish_after_exit(self, running: PendingInvocation) -> None:
        if self._init_error is not None:
            running.finish(self._init_error, function_error=True)
            return
        reason = exit_reason(self._process.wait())
        message = f"RequestId: {running.invocation.request_id} Error: {reason}"
        running.finish(error_document("Runtime.ExitError", message), function_error=True)

    def _wait_for_exit(self) -> None:
        self._process.wait()
        self._on_started()
        # Processes that the function started may still run.
        self._context.processes.terminate(self._process, grace_seconds=0.0)
        with self._lock:
            self._exited.set()
            running = self._current
        if running is not None:
            self._finish_after_exit(running)
            # The lines END and REPORT of the last invocation are still to be written.
            running.logged.wait(10.0)
        self._api.close()
        self._output.close()
        self._log.close()
        shutil.rmtree(self._scratch, ignore_errors=True)


def _log_stream_name(now: datetime, version: str) -> str:
    return f"{now:%Y/%m/%d}/[{version}]{uuid.uuid4().hex}"


def _peak_memory_mb(pid: int) -> int | None:
    """The peak memory of a process; None where the system does not say (only Linux does, until it ends)."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    peak = next((line.split()[1] for line in lines if line.startswith("VmHWM:")), None)
    return None if peak is None else int(peak) // 1024
