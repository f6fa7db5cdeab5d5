"""Decides what happens next. Every method runs under the engine's lock and returns at once.

The rules (user guide: concepts-how-it-works):

* SUPERSEDED, QUEUED: a stage is locked while an execution is in it. It is unlocked when the execution
  succeeds, or has failed or stopped and none of its actions is left running there.
* SUPERSEDED: at most one execution waits at the entry of a stage; a newer arrival supersedes it. An
  execution in a stage is never superseded.
* QUEUED: executions enter a stage in the order in which they arrived.
* PARALLEL: no execution waits for another one; an execution runs at most five actions at a time.
* No execution enters a stage whose transition is disabled.
* An execution checks the entry condition of a stage when it is in the stage, before the actions; the
  condition for success after the last action; that for failure when the stage has failed and no action runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from localaws.core.clock import Clock
from localaws.services.codepipeline.conditions import MET, Conditions
from localaws.services.codepipeline.declaration import ConditionType, Mode
from localaws.services.codepipeline.models import (
    ActionExecution,
    ConditionRun,
    ExecutionType,
    Outcome,
    Pipeline,
    PipelineExecution,
    StageRun,
    Status,
)
from localaws.services.codepipeline.starter import Starter
from localaws.services.codepipeline.statuses import StatusWriter

MAX_PARALLEL_ACTIONS: Final = 5


class Flow:
    """The rules above, applied.

    Args:
        clock: dates what is made.
        statuses: writes statuses.
        launch: starts the thread of an action; must not block.
        roll_back: starts the rollback of a stage that has failed, if the stage asks for it.
    """

    def __init__(
        self,
        clock: Clock,
        statuses: StatusWriter,
        launch: Callable[[ActionExecution], None],
        roll_back: Callable[[StageRun], None],
    ) -> None:
        self._statuses = statuses
        self._roll_back = roll_back
        self._starter = Starter(clock, statuses, launch)
        self._conditions = Conditions(clock, statuses, self._starter)

    def submit(self, execution: PipelineExecution) -> None:
        """Queue a new execution at the first stage."""
        self._statuses.move_execution(execution, Status.IN_PROGRESS)
        self._arrive(execution, execution.declaration.stages[0].name)
        self.advance(execution.pipeline)

    def adopt(self, execution: PipelineExecution, stage_name: str) -> None:
        """Put a new execution into a stage that is free. A rollback passes through no other stage."""
        self._statuses.move_execution(execution, Status.IN_PROGRESS)
        self.enter(execution, stage_name)

    def enter(self, execution: PipelineExecution, stage_name: str) -> None:
        """Put an execution into a stage that is free."""
        pipeline = execution.pipeline
        if execution.declaration.mode is not Mode.PARALLEL:
            assert stage_name not in pipeline.holders, f"stage {stage_name} is locked"
            pipeline.holders[stage_name] = execution
        execution.waiting_at = None
        run = StageRun(stage_name, execution)
        execution.stages[stage_name] = pipeline.latest_runs[stage_name] = run
        self._statuses.move_stage(run, Status.IN_PROGRESS)
        self._begin(run)

    def advance(self, pipeline: Pipeline) -> None:
        """Let every execution enter that may. Later stages come first: an entry makes no other stage free."""
        for stage in reversed(pipeline.declaration.stages):
            if stage.name in pipeline.disabled:
                continue
            waiting = pipeline.queue(stage.name)
            parallel = pipeline.declaration.mode is Mode.PARALLEL
            while waiting and (parallel or stage.name not in pipeline.holders):
                self.enter(waiting.popleft(), stage.name)

    def finish(self, action: ActionExecution, outcome: Outcome) -> bool:
        """Apply the outcome of an action. False when the action had ended before: the outcome is ignored."""
        if not action.running:
            return False
        execution = action.execution
        action.error = outcome.error
        action.summary = outcome.summary or action.summary
        action.updated_by = outcome.updated_by or action.updated_by
        action.external_id = outcome.external_id or action.external_id
        action.variables = outcome.variables
        if action.condition is not None:
            self._finish_rule(action, action.condition, outcome)
            return True
        if outcome.succeeded:
            execution.artifacts |= {artifact.name: artifact for artifact in action.outputs}
            if action.declaration.namespace:
                execution.namespaces[action.declaration.namespace] = outcome.variables
            if outcome.revision:
                action.revision = outcome.revision
                execution.revisions[action.declaration.name] = outcome.revision
                execution.pipeline.latest_revisions[action.declaration.name] = outcome.revision
        self._statuses.move_action(action, Status.SUCCEEDED if outcome.succeeded else Status.FAILED)
        run = execution.stages[action.stage_name]
        if not outcome.succeeded and run.status is Status.IN_PROGRESS:
            # At once, although other actions of the stage may still run: FAILED_ACTIONS can be retried
            # meanwhile.
            self._statuses.move_stage(run, Status.FAILED)
            self._statuses.move_execution(execution, Status.FAILED)
        self._settle(run)
        return True

    def retry(self, run: StageRun, mode: str, trigger: str) -> None:
        """Run a failed stage again, under the same execution."""
        execution, pipeline = run.execution, run.execution.pipeline
        again = (
            set(run.current)
            if mode == "ALL_ACTIONS"
            else {
                name
                for name, action in run.current.items()
                if not action.running and action.status is not Status.SUCCEEDED
            }
        )
        run.current = {name: a for name, a in run.current.items() if name not in again}
        run.latest_retry_trigger = trigger
        self._conditions.abandon(run)
        entered = run.conditions.get(ConditionType.BEFORE_ENTRY)
        run.conditions = {}
        if entered and mode != "ALL_ACTIONS" and entered.status in MET:
            # The entry condition was met; only what failed is done again.
            run.conditions[ConditionType.BEFORE_ENTRY] = entered
        if execution.declaration.mode is not Mode.PARALLEL:
            pipeline.holders[run.name] = execution
        self._statuses.move_execution(execution, Status.IN_PROGRESS)
        self._statuses.move_stage(run, Status.IN_PROGRESS)
        self._begin(run)

    def override(self, run: StageRun, kind: ConditionType) -> None:
        """Go on as if a condition, which is being checked or has failed, were met."""
        execution, condition = run.execution, run.conditions[kind]
        self._conditions.override(condition)
        if run.status is Status.FAILED:
            if execution.declaration.mode is not Mode.PARALLEL:
                execution.pipeline.holders[run.name] = execution
            self._statuses.move_execution(execution, Status.IN_PROGRESS)
            self._statuses.move_stage(run, Status.IN_PROGRESS)
        self._settle(run)

    def stop(self, execution: PipelineExecution, abandon: bool) -> None:
        """Start no further action; with ``abandon``, do not wait for those that run."""
        if execution.status is Status.IN_PROGRESS:
            self._statuses.move_execution(execution, Status.STOPPING)
        if execution.waiting_at:
            self._leave_queue(execution)
            self._statuses.move_execution(execution, Status.STOPPED)
            return
        run = self._open_run(execution)
        if run.status is Status.IN_PROGRESS:
            self._statuses.move_stage(run, Status.STOPPING)
        if abandon:
            self._abandon(execution)
        self._settle(run)

    def cancel_all(self, pipeline: Pipeline) -> None:
        """End every execution: the pipeline's definition has changed under it, or is gone."""
        for execution in list(pipeline.unfinished.values()):
            self._leave_queue(execution)
            for run in execution.stages.values():
                self._conditions.close(run, Status.CANCELLED)
                if run.status in {Status.IN_PROGRESS, Status.STOPPING}:
                    self._statuses.move_stage(run, Status.CANCELLED)
            self._abandon(execution)
            self._statuses.move_execution(execution, Status.CANCELLED)
        for execution in list(pipeline.holders.values()):
            self._abandon(execution)
        pipeline.holders.clear()

    def _arrive(self, execution: PipelineExecution, stage_name: str) -> None:
        waiting = execution.pipeline.queue(stage_name)
        if execution.declaration.mode is Mode.SUPERSEDED:
            while waiting:
                older = waiting.popleft()
                older.waiting_at = None
                older.status_summary = (
                    f"Superseded by execution {execution.id} before stage {stage_name}"
                )
                self._statuses.move_execution(older, Status.SUPERSEDED)
        waiting.append(execution)
        execution.waiting_at = stage_name

    def _leave_queue(self, execution: PipelineExecution) -> None:
        if execution.waiting_at:
            execution.pipeline.queue(execution.waiting_at).remove(execution)
            execution.waiting_at = None

    def _begin(self, run: StageRun) -> None:
        """Check the entry condition of a stage if it has one, else start its actions."""
        checked = ConditionType.BEFORE_ENTRY in run.conditions
        if checked or not self._conditions.check(run, ConditionType.BEFORE_ENTRY):
            self._settle(run)

    def _settle(self, run: StageRun) -> None:
        """Start the actions of a stage that may start, or end the stage when none is left."""
        if run.status is Status.IN_PROGRESS and self._start_ready(run):
            return
        if run.running():
            return
        if run.status is Status.IN_PROGRESS:
            self._complete(run)
        elif run.status is Status.STOPPING:
            self._statuses.move_stage(run, Status.STOPPED)
            self._statuses.move_execution(run.execution, Status.STOPPED)
            self._release(run)
        elif run.status is Status.FAILED:
            self._after_failure(run)

    def _complete(self, run: StageRun) -> None:
        """End a stage whose actions have succeeded, after its condition for success."""
        condition = run.conditions.get(ConditionType.ON_SUCCESS)
        if condition is None and self._conditions.check(run, ConditionType.ON_SUCCESS):
            return
        self._leave(run, Status.SUCCEEDED)

    def _finish_rule(
        self, rule: ActionExecution, condition: ConditionRun, outcome: Outcome
    ) -> None:
        self._statuses.move_action(rule, Status.SUCCEEDED if outcome.succeeded else Status.FAILED)
        run = condition.stage_run
        if not self._conditions.conclude(condition):
            return
        met = condition.status is Status.SUCCEEDED
        if condition.declaration.type is ConditionType.ON_FAILURE:
            self._react(run, None if met else condition.declaration.result)
        elif run.status is not Status.IN_PROGRESS or met:
            self._settle(run)
        elif condition.declaration.result == "SKIP":
            self._leave(run, Status.SKIPPED)
        else:
            self._statuses.move_stage(run, Status.FAILED)
            self._statuses.move_execution(run.execution, Status.FAILED)
            self._unlock(run)
            if condition.declaration.result == "ROLLBACK":
                self._roll_back_from(run)
            self.advance(run.execution.pipeline)

    def _start_ready(self, run: StageRun) -> bool:
        """Start the actions of the first run order that has not succeeded. False when all have."""
        stage = run.execution.declaration.stage(run.name)
        assert stage is not None
        for group in stage.run_orders:
            missing = [action for action in group if action.name not in run.current]
            if run.execution.declaration.mode is Mode.PARALLEL:
                missing = missing[: MAX_PARALLEL_ACTIONS - len(run.running())]
            for declaration in missing:
                self._starter.start(run, declaration)
            if any(
                action.name not in run.current
                or run.current[action.name].status is not Status.SUCCEEDED
                for action in group
            ):
                return True
        return False

    def _leave(self, run: StageRun, status: Status) -> None:
        """End a stage that succeeded or was skipped, and go on to the next one."""
        execution = run.execution
        self._statuses.move_stage(run, status)
        following = execution.declaration.stage_after(run.name)
        # A rollback concerns one stage: the stages after it have not failed.
        if following is None or execution.type is ExecutionType.ROLLBACK:
            self._statuses.move_execution(execution, Status.SUCCEEDED)
        else:
            self._arrive(execution, following.name)
        self._release(run)

    def _after_failure(self, run: StageRun) -> None:
        if not self._conditions.check(run, ConditionType.ON_FAILURE):
            self._react(run, None)

    def _react(self, run: StageRun, result: str | None) -> None:
        """Do what a failed stage asks for: the result of its condition for failure, else its own."""
        stage = run.execution.declaration.stage(run.name)
        assert stage is not None
        result = result or stage.on_failure
        if result == "RETRY" and run.auto_retries == 0:
            run.auto_retries += 1
            self.retry(run, stage.retry_mode, "AutomatedStageRetry")
            return
        self._unlock(run)
        if result == "ROLLBACK":
            self._roll_back_from(run)
        self.advance(run.execution.pipeline)

    def _roll_back_from(self, run: StageRun) -> None:
        """Roll a failed stage back, before another execution enters it. A rollback is not rolled back."""
        if run.execution.type is ExecutionType.STANDARD:
            self._roll_back(run)

    def _release(self, run: StageRun) -> None:
        self._unlock(run)
        self.advance(run.execution.pipeline)

    def _unlock(self, run: StageRun) -> None:
        holders = run.execution.pipeline.holders
        if holders.get(run.name) is run.execution:
            del holders[run.name]

    def _abandon(self, execution: PipelineExecution) -> None:
        for action in execution.running_actions():
            self._statuses.move_action(action, Status.ABANDONED)
        for run in execution.stages.values():
            self._conditions.close(run, Status.ABANDONED)

    def _open_run(self, execution: PipelineExecution) -> StageRun:
        return next(
            run
            for run in execution.stages.values()
            if run.status in {Status.IN_PROGRESS, Status.STOPPING}
        )
