"""The transition tables. No other module writes a status, so every change of a status is published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from localaws.core.clock import Clock
from localaws.services.codepipeline import events
from localaws.services.codepipeline.models import (
    UNFINISHED,
    ActionExecution,
    ConditionRun,
    PipelineExecution,
    StageRun,
    Status,
)
from localaws.services.codepipeline.outbox import Event

_Table = Mapping[Status | None, frozenset[Status]]
_NEVER: Final[frozenset[Status]] = frozenset()

EXECUTION: Final[_Table] = {
    None: frozenset({Status.IN_PROGRESS}),
    Status.IN_PROGRESS: frozenset(
        {Status.SUCCEEDED, Status.FAILED, Status.STOPPING, Status.SUPERSEDED, Status.CANCELLED}
    ),
    Status.STOPPING: frozenset({Status.STOPPED, Status.CANCELLED}),
    Status.FAILED: frozenset({Status.IN_PROGRESS}),  # retried
    Status.STOPPED: frozenset({Status.IN_PROGRESS}),  # retried
}
STAGE: Final[_Table] = {
    None: frozenset({Status.IN_PROGRESS}),
    Status.IN_PROGRESS: frozenset(
        {Status.SUCCEEDED, Status.FAILED, Status.STOPPING, Status.CANCELLED, Status.SKIPPED}
    ),
    Status.STOPPING: frozenset({Status.STOPPED, Status.CANCELLED}),
    Status.FAILED: frozenset({Status.IN_PROGRESS}),
    Status.STOPPED: frozenset({Status.IN_PROGRESS}),
}
ACTION: Final[_Table] = {
    Status.IN_PROGRESS: frozenset({Status.SUCCEEDED, Status.FAILED, Status.ABANDONED}),
}
CONDITION: Final[_Table] = {
    Status.IN_PROGRESS: frozenset(
        {
            Status.SUCCEEDED,
            Status.FAILED,
            Status.ERRORED,
            Status.OVERRIDDEN,
            Status.ABANDONED,
            Status.CANCELLED,
        }
    ),
    Status.FAILED: frozenset({Status.OVERRIDDEN}),
    Status.ERRORED: frozenset({Status.OVERRIDDEN}),
}


class StatusWriter:
    """Moves executions, stages and actions along the tables, and publishes each move.

    Args:
        clock: dates the moves.
        region: where the pipelines are.
        arn_of: pipeline name -> ARN.
        emit: takes an event; must not block.
    """

    def __init__(
        self, clock: Clock, region: str, arn_of: Callable[[str], str], emit: Callable[[Event], None]
    ) -> None:
        self._clock = clock
        self._region = region
        self._arn_of = arn_of
        self._emit = emit

    def move_execution(self, execution: PipelineExecution, to: Status) -> None:
        """Give a pipeline execution its next status."""
        before = execution.status
        _check(EXECUTION, before, to, f"execution {execution.id}")
        if to is Status.IN_PROGRESS and before is not None:
            execution.attempt += 1
        execution.status = to
        execution.updated = self._clock.now()
        unfinished = execution.pipeline.unfinished
        if to in UNFINISHED:
            unfinished[execution.id] = execution
        else:
            unfinished.pop(execution.id, None)
        state = events.state_name(before, to)
        self._emit(events.pipeline_event(execution, state, self._arn_of(execution.pipeline.name)))

    def move_stage(self, run: StageRun, to: Status) -> None:
        """Give an execution's stage its next status."""
        before = run.status
        _check(STAGE, before, to, f"stage {run.name} of execution {run.execution.id}")
        run.status = to
        now = run.execution.updated = self._clock.now()
        if before is None:
            run.started = now
        state = events.state_name(before, to)
        arn = self._arn_of(run.execution.pipeline.name)
        self._emit(events.stage_event(run, state, arn, run.started or now))

    def start_action(self, action: ActionExecution) -> None:
        """Publish that an action, which is born InProgress, has started."""
        self._emit_action(action, "STARTED")

    def move_action(self, action: ActionExecution, to: Status) -> None:
        """End an action, and wake its thread."""
        before = action.status
        _check(ACTION, before, to, f"action execution {action.id}")
        action.status = to
        action.updated = action.execution.updated = self._clock.now()
        action.mailbox.put(None)
        self._emit_action(action, events.state_name(before, to))

    def move_condition(self, condition: ConditionRun, to: Status) -> None:
        """End the check of a condition. AWS publishes no event for it."""
        run = condition.stage_run
        what = f"condition {condition.declaration.type} of stage {run.name}"
        _check(CONDITION, condition.status, to, what)
        condition.status = to
        condition.updated = run.execution.updated = self._clock.now()

    def _emit_action(self, action: ActionExecution, state: str) -> None:
        if action.condition is not None:
            return  # a rule; AWS publishes no event for it
        arn = self._arn_of(action.execution.pipeline.name)
        self._emit(events.action_event(action, state, arn, self._region))


def _check(table: _Table, before: Status | None, to: Status, what: str) -> None:
    allowed = table.get(before, _NEVER)
    if to not in allowed:
        raise AssertionError(
            f"{what} cannot go from {before} to {to}; from there it can go to {sorted(allowed)}"
        )
