"""One serving container: its start, its health checks, its requests and its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from localaws.core.clock import Clock
from localaws.core.context import Context
from localaws.services.sagemaker.container.environment import container_environment
from localaws.services.sagemaker.container.process import ContainerProcess, Stop
from localaws.services.sagemaker.container.sandbox import Sandbox
from localaws.services.sagemaker.images.launch import ServingSetup
from localaws.services.sagemaker.serving import http
from localaws.services.sagemaker.serving.files import ContainerFiles
from localaws.services.sagemaker.serving.http import Answer, NoAnswerError
from localaws.services.sagemaker.serving.plan import ContainerPlan

# Developer guide, your-algorithms-inference-code.
_PING_SECONDS = 2.0
STOP_GRACE_SECONDS = 30.0
# Real seconds: with a faster clock, a process starts as slowly as ever.
_LEAST_START_SECONDS = 10.0
# Real seconds between two pings of a starting container.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.25


class ServingContainer:
    """The process behind one port."""

    def __init__(
        self,
        context: Context,
        plan: ContainerPlan,
        sandbox: Sandbox,
        files: ContainerFiles,
        on_line: Callable[[str], None],
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self._context = context
        self.name = plan.name
        self.port = http.free_port()
        sandbox.make("/opt/ml/model")
        launch = plan.image.serving(
            ServingSetup(
                environment=plan.environment,
                model_directory=files.model,
                port=self.port,
                network_isolation=plan.network_isolation,
                sandbox=sandbox,
                fetch=files.downloads.fetch,
            )
        )
        # Several workers share the processors, so each mathematics library gets one thread.
        environment = container_environment(
            context.work_dir, sandbox.scratch,
            {} if plan.network_isolation else context.environment(plan.role_arn),
            plan.environment, variables or {}, launch.environment,
            path=launch.path, threads=1, image=launch.image,
        )  # fmt: skip
        # Network isolation does not cut off a serving container: its port could not be reached.
        view = sandbox.view(
            launch.working_directory, image=launch.image, read_only_model=files.model
        )
        self.container = ContainerProcess(context, sandbox, view, launch.argv, environment, on_line)

    @property
    def ended(self) -> bool:
        """Whether the process has ended."""
        return self.container.process.poll() is not None

    def ping(self) -> bool:
        """GET /ping answers 200 within two seconds."""
        try:
            # Real seconds: a faster clock does not make the machine faster.
            answer = http.request(self.port, "GET", "/ping", seconds=_PING_SECONDS)
        except NoAnswerError:
            return False
        return answer.status == 200

    def wait_until_healthy(self, deadline: float, stop: Stop | None = None) -> bool:
        """Ping until it answers. False when the process ends or the start takes too long.

        Args:
            deadline: from start_deadline().
            stop: ends the wait when the job is stopped.
        """
        pause = _FIRST_PAUSE
        while not self.ended and time.monotonic() < deadline:
            if stop is not None:
                stop.check()
            if self.ping():
                return True
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)
        return False

    def invoke(self, body: bytes, headers: Mapping[str, str], seconds: float) -> Answer:
        """POST /invocations within ``seconds`` of emulated time. Raises NoAnswerError."""
        real = self._context.clock.real_seconds(seconds)
        return http.request(
            self.port, "POST", "/invocations", seconds=real, headers=headers, body=body
        )

    def execution_parameters(self) -> Answer | None:
        """GET /execution-parameters, which a container may answer before a transform job."""
        try:
            return http.request(self.port, "GET", "/execution-parameters", seconds=_PING_SECONDS)
        except NoAnswerError:
            return None

    def end(self, *, at_once: bool = False) -> None:
        """SIGTERM, then SIGKILL 30 seconds later, or immediately with ``at_once``."""
        self.container.terminate(0 if at_once else STOP_GRACE_SECONDS)

    def stop(self, *, at_once: bool = False) -> int:
        """End the process and what it left behind. Returns the exit code."""
        self.end(at_once=at_once)
        return self.container.finish()

    def wait(self) -> int:
        """Block until the process ends by itself. Returns the exit code."""
        return self.container.finish()


def start_deadline(clock: Clock, seconds: float) -> float:
    """Until which ``time.monotonic()`` a container may start that has ``seconds`` of emulated time."""
    return time.monotonic() + max(clock.real_seconds(seconds), _LEAST_START_SECONDS)


def start_thread(target: Callable[[], None], name: str) -> threading.Thread:
    """Start a daemon thread."""
    thread = threading.Thread(target=target, name=name, daemon=True)
    thread.start()
    return thread
