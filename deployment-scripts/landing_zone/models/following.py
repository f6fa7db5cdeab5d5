"""A deployment that a person waits for: its steps, the time it took, its end."""

from __future__ import annotations

import time
from collections.abc import Callable

from landing_zone.core.aws import Clients, find_endpoint
from landing_zone.core.names import endpoint_name
from landing_zone.models.deployments import Deployment, Deployments, outcome
from landing_zone.runs.rollouts import rollout_step

# How long an event of the registry takes to start the machine, at most.
_SECONDS_TO_START = {True: 15.0, False: 90.0}


class Follower:
    """Follows executions of the machine `deploy`.

    Args:
        aws: makes the clients.
        deployments: the executions.
        prefix: {service}-{stage}.
        is_local: whether AWS is on this machine, so that it can be asked often.
        say: prints a line.
        now: seconds, for the time that a deployment took.
    """

    def __init__(
        self,
        aws: Clients,
        deployments: Deployments,
        prefix: str,
        *,
        is_local: bool,
        say: Callable[[str], None] = print,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sagemaker = aws.client("sagemaker")
        self._deployments = deployments
        self._prefix = prefix
        self._pause = 0.4 if is_local else 5.0
        self._seconds_to_start = _SECONDS_TO_START[is_local]
        self._say = say
        self._now = now

    def to_the_end(self, arn: str, since: float | None = None) -> Deployment:
        """Follow an execution, and say what it has come to and how long it took.

        Raises:
            OperatorError: nothing new serves; the text is the reason.
        """
        started = self._now() if since is None else since
        self._say(f"deployment {arn.rpartition(':')[2]} has started")
        ended = self._deployments.follow(arn, self._pause, self._step)
        self._say(f"{outcome(ended)}, after {self._now() - started:.1f} s")
        return ended

    def what_the_event_starts(
        self, use_case: str, known: set[str], since: float
    ) -> Deployment | None:
        """Follow the execution that a change of the registry starts; None when none starts in time."""
        arn = self._deployments.started_since(use_case, known, self._seconds_to_start, self._pause)
        return self.to_the_end(arn, since) if arn else None

    def _step(self, deployment: Deployment) -> str:
        name = endpoint_name(self._prefix, deployment.use_case, deployment.target)
        found = find_endpoint(self._sagemaker, name)
        return rollout_step(found) if found else ""
