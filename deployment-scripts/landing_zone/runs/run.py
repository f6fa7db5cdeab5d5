"""A pipeline execution at one moment: its stages, their actions, the jobs of the actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from landing_zone.runs.history import Step

OVER = frozenset({"Succeeded", "Failed", "Stopped", "Cancelled", "Superseded"})
ENDING = OVER | {"Stopping"}
NOT_STARTED = "NotStarted"


@dataclass(frozen=True)
class Action:
    """The latest attempt of an action in one execution."""

    stage: str
    name: str
    provider: str
    status: str = NOT_STARTED
    started: datetime | None = None
    ended: datetime | None = None
    error: str = ""
    # Of an approval that waits; its answer needs it.
    token: str = ""
    attempts: int = 0
    steps: tuple[Step, ...] = ()
    # What an answered approval was answered with, and the ARN of whoever did it.
    summary: str = ""
    answered_by: str = ""
    # Bucket and key of each output artifact.
    outputs: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def waits(self) -> bool:
        """Whether this is an approval that waits for an answer."""
        return self.provider == "Manual" and self.status == "InProgress" and bool(self.token)


@dataclass(frozen=True)
class Run:
    """One pipeline execution."""

    id: str
    status: str
    actions: tuple[Action, ...]
    variables: Mapping[str, str]

    @property
    def is_over(self) -> bool:
        return self.status in OVER

    @property
    def waiting(self) -> Action | None:
        """The approval that waits for a person."""
        return next((action for action in self.actions if action.waits), None)

    @property
    def failed(self) -> Action | None:
        """The action that failed."""
        return next((action for action in self.actions if action.status == "Failed"), None)

    @property
    def failed_steps(self) -> list[Step]:
        """The steps of the failed action that failed, such as a job."""
        steps = self.failed.steps if self.failed else ()
        return [step for step in steps if step.status == "Failed"]

    def action(self, name: str) -> Action:
        return next(action for action in self.actions if action.name == name)
