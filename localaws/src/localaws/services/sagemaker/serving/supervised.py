"""A serving container that is started again when it ends."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from localaws.core.context import Context
from localaws.services.sagemaker.container.log_lines import JobLog
from localaws.services.sagemaker.container.sandbox import Sandbox
from localaws.services.sagemaker.errors import WorkloadError
from localaws.services.sagemaker.serving.container import (
    ServingContainer,
    start_deadline,
    start_thread,
)
from localaws.services.sagemaker.serving.files import ContainerFiles
from localaws.services.sagemaker.serving.http import Answer, NoAnswerError
from localaws.services.sagemaker.serving.plan import ContainerPlan

# AWS restarts a container that exits at once until the time of the health check is over. The result is the
# same after the second attempt.
_MAX_CRASHES_AT_START = 2
# Real seconds between two starts.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0


class SupervisedContainer:
    """A container with its log stream.

    Args:
        context: the surroundings of the service.
        plan: what it runs.
        files: what it starts with.
        log: where its output goes.
    """

    def __init__(
        self,
        context: Context,
        plan: ContainerPlan,
        files: ContainerFiles,
        log: JobLog,
    ) -> None:
        self.name = plan.name
        self.ready = False
        self._context, self._plan, self._files, self._log = context, plan, files, log
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._container: ServingContainer | None = None
        self._sandbox: Sandbox | None = None
        self._monitor: threading.Thread | None = None
        self._startup_seconds = 0.0

    def start(self, seconds: float) -> bool:
        """Start and wait until healthy.

        Returns:
            False when it was not healthy within ``seconds`` (emulated), or exited too often.

        Raises:
            WorkloadError: it cannot be started at all.
        """
        self._startup_seconds = seconds
        deadline = start_deadline(self._context.clock, seconds)
        for _ in range(_MAX_CRASHES_AT_START):
            container = self._launch()
            if container is None:
                return False
            if container.wait_until_healthy(deadline):
                self.ready = True
                self._monitor = start_thread(self._keep_alive, f"monitor/{self.name}")
                return True
            if not container.ended or self._stopping.is_set():
                return False
            self._note_end(container)
        return False

    @property
    def pid(self) -> int | None:
        """The process, if there is one at this time."""
        container = self._container
        return None if container is None else container.container.process.pid

    def invoke(self, body: bytes, headers: Mapping[str, str], seconds: float) -> Answer:
        """POST /invocations. Raises NoAnswerError."""
        container = self._container
        if container is None:
            raise NoAnswerError("the container is being started", sent=False)
        return container.invoke(body, headers, seconds)

    def stop(self, *, at_once: bool = False) -> None:
        """End the container for good."""
        self._stopping.set()
        self.ready = False
        with self._lock:
            container, sandbox = self._container, self._sandbox
        if container is not None:
            container.stop(at_once=at_once)
        if self._monitor is not None:
            self._monitor.join(timeout=10)
        if sandbox is not None:
            sandbox.remove()
        self._log.close()

    def _launch(self) -> ServingContainer | None:
        """A new container in a new sandbox; None when the instance is being stopped."""
        with self._lock:
            if self._stopping.is_set():
                return None
            if self._sandbox is not None:
                self._sandbox.remove()
            self._sandbox = Sandbox(self._context.work_dir / "containers", self.name)
            self._container = ServingContainer(
                self._context,
                self._plan,
                self._sandbox,
                self._files,
                self._log.line,
            )
            return self._container

    def _keep_alive(self) -> None:
        pause = _FIRST_PAUSE
        container = self._container
        while container is not None:
            if self.ready:
                self._note_end(container)
                self.ready = False
            if self._stopping.wait(pause):
                return
            pause = min(pause * 2, _LONGEST_PAUSE)
            try:
                container = self._launch()
            except WorkloadError as error:
                self._log.line(f"the container cannot be started again: {error}")
                continue
            deadline = start_deadline(self._context.clock, self._startup_seconds)
            if container is not None and container.wait_until_healthy(deadline):
                self.ready = True
                pause = _FIRST_PAUSE
            elif container is not None and not container.ended:
                container.stop(at_once=True)

    def _note_end(self, container: ServingContainer) -> None:
        """Wait for the end of a container and log its exit code."""
        code = container.wait()
        if not self._stopping.is_set():
            self._log.line(f"the model process exited with code {code}")
