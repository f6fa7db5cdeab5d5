"""The containers of one model on one instance.

An inference pipeline sends a request through its containers in their order: the answer of one is the request
of the next (developer guide, inference-pipelines).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from localaws.core.clock import Clock
from localaws.services.sagemaker.container.process import Stop
from localaws.services.sagemaker.serving.container import ServingContainer, start_deadline
from localaws.services.sagemaker.serving.http import Answer, NoAnswerError


class Servable(Protocol):
    """A container that answers requests."""

    @property
    def name(self) -> str:
        """Its name in the model."""

    def invoke(self, body: bytes, headers: Mapping[str, str], seconds: float) -> Answer:
        """POST /invocations. Raises NoAnswerError."""


def invoke_serially(
    clock: Clock,
    containers: Sequence[Servable],
    body: bytes,
    headers: Mapping[str, str],
    seconds: float,
) -> Answer:
    """The answer of the last container, or the first one that is not 2xx.

    Args:
        clock: what measures ``seconds``.
        containers: in their order.
        body: the request for the first container.
        headers: the headers of the request. The header Accept is for the last container.
        seconds: the emulated time for all containers together.

    Raises:
        NoAnswerError: a container did not answer.
    """
    end = clock.monotonic() + seconds
    between = {name: value for name, value in headers.items() if name != "Accept"}
    answer = Answer(200, {"content-type": headers.get("Content-Type", "")}, body)
    for number, container in enumerate(containers, 1):
        sent = dict(headers if number == len(containers) else between)
        sent.pop("Content-Type", None)
        if content_type := answer.headers.get("content-type"):
            sent["Content-Type"] = content_type
        left = max(0.001, end - clock.monotonic())
        try:
            answer = container.invoke(answer.body, sent, left)
        except NoAnswerError as error:
            error.container = container.name
            # Containers before this one have seen the request.
            error.sent = error.sent or number > 1
            raise
        answer = replace(answer, container=container.name)
        if not 200 <= answer.status < 300:
            break
    return answer


class ContainerChain:
    """The running containers of a model. They live and end together.

    Args:
        clock: what measures time.
        containers: by name, in their order.
    """

    def __init__(self, clock: Clock, containers: Sequence[ServingContainer]) -> None:
        self._clock = clock
        self._containers = containers

    @property
    def ended(self) -> bool:
        """Whether a process has ended."""
        return any(container.ended for container in self._containers)

    def wait_until_healthy(self, seconds: float, stop: Stop) -> bool:
        """Ping until all answer. False when a process ends or ``seconds`` (emulated) pass."""
        deadline = start_deadline(self._clock, seconds)
        return all(container.wait_until_healthy(deadline, stop) for container in self._containers)

    def invoke(self, body: bytes, headers: Mapping[str, str], seconds: float) -> Answer:
        """The answer of the last container. Raises NoAnswerError."""
        return invoke_serially(self._clock, self._containers, body, headers, seconds)

    def execution_parameters(self) -> Answer | None:
        """What the first container proposes for a transform job."""
        return self._containers[0].execution_parameters()

    def end(self, *, at_once: bool = False) -> None:
        """Ask the processes to end, or kill them with ``at_once``."""
        for container in self._containers:
            container.end(at_once=at_once)

    def stop(self, *, at_once: bool = False) -> list[int]:
        """End the processes and what they left behind. Returns the exit codes."""
        return [container.stop(at_once=at_once) for container in self._containers]
