"""The state of pipelines and their executions. Only statuses.py writes a status."""

from __future__ import annotations

import queue
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from localaws.services.codepipeline.declaration import (
    ActionDeclaration,
    ConditionDeclaration,
    ConditionType,
    PipelineDeclaration,
)


class Status(StrEnum):
    """Statuses of executions, stages, actions and conditions.

    The tables in statuses.py say which applies to which.
    """

    IN_PROGRESS = "InProgress"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    SUPERSEDED = "Superseded"
    CANCELLED = "Cancelled"
    ABANDONED = "Abandoned"
    SKIPPED = "Skipped"
    ERRORED = "Errored"
    OVERRIDDEN = "Overridden"


UNFINISHED = frozenset({Status.IN_PROGRESS, Status.STOPPING})


class ExecutionType(StrEnum):
    """Whether an execution brings new revisions, or returns to those of an earlier one."""

    STANDARD = "STANDARD"
    ROLLBACK = "ROLLBACK"


@dataclass(frozen=True)
class Trigger:
    """Why an execution started: one of the API's trigger types, and its detail."""

    type: str
    detail: str


@dataclass(frozen=True)
class Artifact:
    """A place in the artifact store."""

    name: str
    bucket: str
    key: str


@dataclass(frozen=True)
class Revision:
    """The version of a source that an action fetched."""

    artifact_name: str
    revision_id: str
    change_id: str
    summary: str
    created: datetime
    url: str


@dataclass(frozen=True)
class ErrorDetails:
    """Why an action failed. ``code`` is a FailureType of the API, e.g. ``JobFailed``."""

    code: str
    message: str


@dataclass(frozen=True)
class Outcome:
    """How an action ended."""

    error: ErrorDetails | None = None
    rejected: bool = False
    summary: str | None = None
    external_id: str | None = None
    updated_by: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    revision: Revision | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the next action may start."""
        return self.error is None and not self.rejected


@dataclass(eq=False)
class ActionExecution:
    """One run of one action, or of one rule of a condition. A retry makes a new one."""

    id: str
    sequence: int
    execution: PipelineExecution = field(repr=False)
    stage_name: str
    declaration: ActionDeclaration = field(repr=False)
    started: datetime
    updated: datetime
    inputs: tuple[Artifact, ...] = ()
    outputs: tuple[Artifact, ...] = ()
    resolved: dict[str, str] = field(default_factory=dict)
    plan_error: ErrorDetails | None = None
    """Why the action cannot even start, e.g. a variable that no action has set."""
    status: Status = Status.IN_PROGRESS
    expires: datetime | None = None
    token: str | None = field(default=None, repr=False)  # a secret: it authorizes an answer
    summary: str | None = None
    updated_by: str | None = None
    external_id: str | None = field(default=None, repr=False)  # the token, in PARALLEL mode
    external_url: str | None = None
    percent_complete: int | None = None
    error: ErrorDetails | None = None
    variables: dict[str, str] = field(default_factory=dict)
    revision: Revision | None = None
    condition: ConditionRun | None = field(default=None, repr=False)
    """The condition that a rule belongs to; None for an action."""
    mailbox: queue.SimpleQueue[Any] = field(default_factory=queue.SimpleQueue, repr=False)
    """Wakes the action's thread: the answer to its job, or None when the action has ended."""

    @property
    def running(self) -> bool:
        """Whether the action still occupies its stage."""
        return self.status is Status.IN_PROGRESS


@dataclass(eq=False)
class ConditionRun:
    """One check of a condition."""

    declaration: ConditionDeclaration
    stage_run: StageRun = field(repr=False)
    updated: datetime
    rules: list[ActionExecution] = field(default_factory=list)
    status: Status = Status.IN_PROGRESS


@dataclass(eq=False)
class StageRun:
    """An execution in one stage."""

    name: str
    execution: PipelineExecution = field(repr=False)
    status: Status | None = None
    started: datetime | None = None
    current: dict[str, ActionExecution] = field(default_factory=dict)
    """The latest run of each action. A retry removes the actions that are to run again."""
    auto_retries: int = 0
    manual_retries: int = 0
    latest_retry_trigger: str | None = None

    conditions: dict[ConditionType, ConditionRun] = field(default_factory=dict)
    """The latest check of each condition."""

    def running(self) -> list[ActionExecution]:
        """Actions and rules that have not ended."""
        rules = [rule for condition in self.conditions.values() for rule in condition.rules]
        return [action for action in [*self.current.values(), *rules] if action.running]

    def failed_condition(self) -> ConditionRun | None:
        """The condition that failed at the entry or after the actions, if one did."""
        for kind in (ConditionType.BEFORE_ENTRY, ConditionType.ON_SUCCESS):
            condition = self.conditions.get(kind)
            if condition and condition.status in {Status.FAILED, Status.ERRORED}:
                return condition
        return None


@dataclass(eq=False)
class PipelineExecution:
    """One run of a pipeline, under the version of the definition it started with."""

    id: str
    sequence: int
    pipeline: Pipeline = field(repr=False)
    declaration: PipelineDeclaration = field(repr=False)
    trigger: Trigger
    started: datetime
    updated: datetime
    variables: dict[str, str] = field(default_factory=dict)
    source_overrides: dict[str, dict[str, str]] = field(default_factory=dict)
    """Source action name -> revision type -> value."""
    type: ExecutionType = ExecutionType.STANDARD
    rollback_target: str | None = None
    status: Status | None = None
    status_summary: str | None = None
    stop_reason: str | None = None
    attempt: int = 1
    waiting_at: str | None = None
    """The stage at whose entry the execution waits."""
    stages: dict[str, StageRun] = field(default_factory=dict)
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    namespaces: dict[str, dict[str, str]] = field(default_factory=dict)
    revisions: dict[str, Revision] = field(default_factory=dict)
    """Source action name -> revision."""

    @property
    def unfinished(self) -> bool:
        """Whether the execution counts against the limit of concurrent executions."""
        return self.status in UNFINISHED

    def running_actions(self) -> list[ActionExecution]:
        """Actions that have not ended, in any stage."""
        return [action for stage in self.stages.values() for action in stage.running()]


@dataclass(frozen=True)
class DisabledTransition:
    """Why executions cannot enter a stage."""

    reason: str
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True)
class StartRequest:
    """A start that has a client request token: repeating it returns the same execution."""

    parameters: dict[str, Any]
    execution_id: str


@dataclass(eq=False)
class Pipeline:
    """A pipeline: its definition and versions, its executions and where they are."""

    declaration: PipelineDeclaration
    created: datetime
    updated: datetime
    tags: dict[str, str] = field(default_factory=dict)
    versions: dict[int, PipelineDeclaration] = field(default_factory=dict)
    executions: dict[str, PipelineExecution] = field(default_factory=dict)
    """By id, oldest first."""
    unfinished: dict[str, PipelineExecution] = field(default_factory=dict)
    actions: list[ActionExecution] = field(default_factory=list)
    """Every action execution, oldest first."""
    rules: list[ActionExecution] = field(default_factory=list)
    """Every execution of a rule, oldest first."""
    waiting: dict[str, deque[PipelineExecution]] = field(default_factory=dict)
    """Stage -> executions at its entry, in order."""
    holders: dict[str, PipelineExecution] = field(default_factory=dict)
    """Stage -> the execution that locks it. Unused in PARALLEL mode."""
    latest_runs: dict[str, StageRun] = field(default_factory=dict)
    latest_actions: dict[tuple[str, str], ActionExecution] = field(default_factory=dict)
    latest_revisions: dict[str, Revision] = field(default_factory=dict)
    """Source action name -> the latest revision that it fetched."""
    disabled: dict[str, DisabledTransition] = field(default_factory=dict)
    start_requests: dict[str, StartRequest] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The pipeline's name, unique in account and region."""
        return self.declaration.name

    def queue(self, stage_name: str) -> deque[PipelineExecution]:
        """Executions that wait at the entry of a stage."""
        return self.waiting.setdefault(stage_name, deque())


@dataclass
class Store:
    """All pipelines of an account and region, and the lock that guards every object of this module."""

    pipelines: dict[str, Pipeline] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
