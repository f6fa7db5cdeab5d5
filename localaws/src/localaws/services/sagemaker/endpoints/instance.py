"""One instance of a variant: the containers of its model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from localaws.core.context import Context
from localaws.services.sagemaker.container.log_lines import JobLog, instance_id
from localaws.services.sagemaker.serving.chain import invoke_serially
from localaws.services.sagemaker.serving.files import ContainerFiles
from localaws.services.sagemaker.serving.http import Answer
from localaws.services.sagemaker.serving.plan import ServingPlan
from localaws.services.sagemaker.serving.supervised import SupervisedContainer


class Instance:
    """Containers that serve together, and the number of requests in progress.

    Args:
        context: the surroundings of the service.
        plan: the model.
        files: what each container of the plan starts with.
        group: the log group of the endpoint.
        variant: name of the variant.
    """

    def __init__(
        self,
        context: Context,
        plan: ServingPlan,
        files: Sequence[ContainerFiles],
        group: str,
        variant: str,
    ) -> None:
        self.variant = variant
        self.outstanding = 0
        self._clock = context.clock
        stream = f"{variant}/{instance_id()}"
        # The log streams of a pipeline also have the name of the container.
        self._containers = [
            SupervisedContainer(
                context,
                container,
                own,
                JobLog(
                    context, group, f"{stream}/{container.name}" if plan.is_pipeline else stream
                ),
            )
            for container, own in zip(plan.containers, files, strict=True)
        ]

    @property
    def ready(self) -> bool:
        """Whether it can answer a request."""
        return all(container.ready for container in self._containers)

    @property
    def pids(self) -> list[int]:
        """The processes of the containers that run now."""
        return [container.pid for container in self._containers if container.pid is not None]

    def start(self, seconds: float) -> str | None:
        """Start and wait until healthy.

        Returns:
            The name of a container that was not healthy within ``seconds`` (emulated), or exited too often.

        Raises:
            WorkloadError: it cannot be started at all.
        """
        with ThreadPoolExecutor(len(self._containers), thread_name_prefix="container") as pool:
            results = list(pool.map(lambda container: container.start(seconds), self._containers))
        return next(
            (
                container.name
                for container, healthy in zip(self._containers, results, strict=True)
                if not healthy
            ),
            None,
        )

    def invoke(
        self,
        body: bytes,
        headers: Mapping[str, str],
        seconds: float,
        target_container: str | None = None,
    ) -> Answer:
        """Send a request through the containers, or to one of them. Raises NoAnswerError."""
        containers = [
            container
            for container in self._containers
            if target_container in (None, container.name)
        ]
        return invoke_serially(self._clock, containers, body, headers, seconds)

    def stop(self, *, at_once: bool = False) -> None:
        """End the containers for good."""
        with ThreadPoolExecutor(len(self._containers), thread_name_prefix="stop") as pool:
            list(pool.map(lambda container: container.stop(at_once=at_once), self._containers))
