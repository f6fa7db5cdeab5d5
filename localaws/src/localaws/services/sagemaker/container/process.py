"""The process of a container: its start, its output, its stop and its end."""

from __future__ import annotations

import enum
import subprocess
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from localaws.core.context import Context
from localaws.core.processes import kill_processes_with_variable
from localaws.services.ecr.containers.container import ImageContainer, Mount
from localaws.services.ecr.pushed_images import ImageError
from localaws.services.sagemaker.container import namespace
from localaws.services.sagemaker.container.sandbox import OPT_ML, Sandbox
from localaws.services.sagemaker.errors import RequestError, StopRequestedError

# A variable of every descendant of a container, by which a daemon that left the process group is found.
_MARK = "LOCALAWS_CONTAINER"
# The size limit of an event in CloudWatch Logs.
_MAX_LINE = 256 * 1024


class Ending(enum.Enum):
    """Why a process ended."""

    BY_ITSELF = "by itself"
    STOPPED = "stopped"
    MAX_RUNTIME = "max runtime"


@dataclass(frozen=True)
class Exit:
    """The end of a process. ``code`` is 128 + N after signal N, as a container runtime reports it."""

    code: int
    ending: Ending


class Stop:
    """A request to stop a job, which wakes the thread that waits for its process."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._callbacks: list[Callable[[], None]] = []
        self.requested = False
        self.at_once = False

    def on_request(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` in a thread of its own when a stop is requested, or now if it was requested."""
        with self._changed:
            self._callbacks.append(callback)
            requested = self.requested
        if requested:
            threading.Thread(target=callback, name="stop", daemon=True).start()

    def request(self, *, at_once: bool = False) -> None:
        """Request a stop. With ``at_once`` the process gets no time to end by itself."""
        with self._changed:
            first, self.requested = not self.requested, True
            self.at_once = self.at_once or at_once
            callbacks = list(self._callbacks) if first or at_once else []
            self._changed.notify_all()
        for callback in callbacks:
            threading.Thread(target=callback, name="stop", daemon=True).start()

    def check(self) -> None:
        """Raise StopRequestedError when a stop was requested. Called between the steps of a job."""
        if self.requested:
            raise StopRequestedError

    def wait(self, ended: threading.Event, seconds: float | None) -> None:
        """Wait (real seconds) until the process ended or a stop was requested."""
        with self._changed:
            self._changed.wait_for(lambda: ended.is_set() or self.requested, seconds)

    def wake(self) -> None:
        """Tell the waiting thread that the process ended."""
        with self._changed:
            self._changed.notify_all()


@dataclass(frozen=True)
class _Command:
    argv: Sequence[str]
    environment: Mapping[str, str]
    uid: int | None = None


class ContainerProcess:
    """A running process with its output going to ``on_line``."""

    def __init__(
        self,
        context: Context,
        sandbox: Sandbox,
        view: namespace.View,
        argv: Sequence[str],
        environment: Mapping[str, str],
        on_line: Callable[[str], None],
    ) -> None:
        self._context = context
        self._sandbox = sandbox
        self._mark = uuid.uuid4().hex
        self._on_line = on_line
        try:
            command = self._command(view, argv, {**environment, _MARK: self._mark})
            self.process = context.processes.spawn(
                command.argv,
                env=command.environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                uid=command.uid,
            )
        except ImageError as error:
            raise RequestError(str(error)) from error
        except OSError as error:
            raise RequestError(f"the container process cannot be started: {error}") from error
        output = self.process.stdout
        assert output is not None
        self._pump = threading.Thread(target=self._read, args=(output,), name="output", daemon=True)
        self._pump.start()

    def _command(
        self, view: namespace.View, argv: Sequence[str], environment: Mapping[str, str]
    ) -> _Command:
        if view.image is None or view.image_directory is None:
            return _Command(namespace.command(view, argv), environment)
        container = ImageContainer(view.image, view.image_directory)
        mounts = [Mount(view.opt_ml, OPT_ML, is_owned=True)]
        if view.read_only_model:
            mounts.append(Mount(view.read_only_model, f"{OPT_ML}/model", read_only=True))
        line = container.command(
            argv,
            container.environment(environment),
            mounts,
            working_directory=view.working_directory,
            isolate_network=view.isolate_network,
            marker=view.marker,
        )
        # The program that enters the image gets the variables of the container from a file.
        return _Command(line, {_MARK: self._mark}, container.host_uid)

    def _read(self, output: IO[bytes]) -> None:
        with output:
            for line in iter(lambda: output.readline(_MAX_LINE), b""):
                self._on_line(line.decode("utf-8", "replace").rstrip("\r\n"))

    def finish(self) -> int:
        """Wait for the end, end its descendants, and read the last lines. Returns the exit code."""
        code = self.process.wait()
        self._end_descendants()
        # A process that even SIGKILL does not end (uninterruptible sleep) must not hold the job.
        self._pump.join(timeout=5)
        return 128 - code if code < 0 else code

    def check_started(self) -> None:
        """Check, after the process ended by itself, that it had got as far as its own command.

        Raises:
            RequestError: its /opt/ml was not mounted.
        """
        if not self._sandbox.was_mounted:
            raise RequestError("the container's /opt/ml was not mounted; the log stream says why")

    def terminate(self, grace_seconds: float) -> None:
        """SIGTERM, then SIGKILL after ``grace_seconds`` of emulated time.

        The signal goes to the process group. A container runtime sends it to the first process only, but a
        shell that is the first process would not pass it on to its program.
        """
        self._context.processes.terminate(
            self.process, self._context.clock.real_seconds(grace_seconds)
        )

    def _end_descendants(self) -> None:
        self._context.processes.terminate(self.process, 0)
        kill_processes_with_variable(_MARK, self._mark)


def run(
    container: ContainerProcess,
    context: Context,
    stop: Stop,
    *,
    max_runtime: float | None,
    grace_seconds: float,
) -> Exit:
    """Wait for a process to end, or end it.

    Args:
        container: the process.
        context: has the clock of ``max_runtime`` and ``grace_seconds``.
        stop: ends the wait when a stop is requested.
        max_runtime: emulated seconds.
        grace_seconds: between SIGTERM and SIGKILL.
    """
    ended = threading.Event()

    def wait_for_end() -> None:
        container.process.wait()
        ended.set()
        stop.wake()

    threading.Thread(target=wait_for_end, name="wait", daemon=True).start()
    stop.wait(ended, None if max_runtime is None else context.clock.real_seconds(max_runtime))
    ending = Ending.BY_ITSELF
    if not ended.is_set():
        ending = Ending.STOPPED if stop.requested else Ending.MAX_RUNTIME
        container.terminate(0 if stop.at_once else grace_seconds)
    code = container.finish()
    if ending is Ending.BY_ITSELF:
        container.check_started()
    return Exit(code, ending)
