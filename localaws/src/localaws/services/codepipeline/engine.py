"""Commands on executions: checks whether a command is allowed; flow.py carries it out."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from typing import Final

from localaws.core.clock import Clock
from localaws.core.errors import AwsError
from localaws.services.codepipeline import lookup
from localaws.services.codepipeline.declaration import (
    ConditionType,
    Mode,
    PipelineDeclaration,
)
from localaws.services.codepipeline.flow import Flow
from localaws.services.codepipeline.models import (
    ActionExecution,
    DisabledTransition,
    ExecutionType,
    Outcome,
    Pipeline,
    PipelineExecution,
    StageRun,
    StartRequest,
    Status,
    Store,
    Trigger,
)
from localaws.services.codepipeline.statuses import StatusWriter

MAX_CONCURRENT: Final = 50


class Engine:
    """Every change of an execution goes through this class, under one lock.

    Args:
        store: the pipelines.
        clock: dates what happens.
        statuses: writes statuses.
        launch: starts the thread of an action.
        caller: ARN that stands for every caller of the API, because localaws does not identify callers.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        statuses: StatusWriter,
        launch: Callable[[ActionExecution], None],
        caller: str,
    ) -> None:
        self.store = store
        self.caller = caller
        self._clock = clock
        self._flow = Flow(clock, statuses, launch, self._roll_back_automatically)
        self._sequence = itertools.count(1)

    def start(
        self,
        pipeline: Pipeline,
        trigger: Trigger,
        variables: dict[str, str] | None = None,
        source_overrides: dict[str, dict[str, str]] | None = None,
        request_token: str | None = None,
    ) -> PipelineExecution:
        """Start an execution, or return the one that the same request has started before."""
        with self.store.lock:
            parameters = {"variables": variables or {}, "sourceRevisions": source_overrides or {}}
            earlier = pipeline.start_requests.get(request_token or "")
            if earlier:
                if earlier.parameters != parameters:
                    raise AwsError(
                        "ConflictException",
                        f"clientRequestToken {request_token!r} has started execution"
                        f" {earlier.execution_id} with other parameters; use a new token",
                    )
                return pipeline.executions[earlier.execution_id]
            self._check_capacity(pipeline)
            execution = self._new_execution(pipeline, trigger)
            defaults = {n: d for n, d in pipeline.declaration.variables.items() if d is not None}
            execution.variables = defaults | (variables or {})
            execution.source_overrides = source_overrides or {}
            if request_token:
                pipeline.start_requests[request_token] = StartRequest(parameters, execution.id)
            self._flow.submit(execution)
            return execution

    def finish(self, action: ActionExecution, outcome: Outcome) -> bool:
        """Apply an action's outcome. False when the action had ended before."""
        with self.store.lock:
            return self._flow.finish(action, outcome)

    def stop(
        self, pipeline: Pipeline, execution_id: str, abandon: bool, reason: str | None
    ) -> PipelineExecution:
        """Stop an execution."""
        with self.store.lock:
            execution = pipeline.executions.get(execution_id)
            if execution is None:
                raise AwsError(
                    "PipelineExecutionNotStoppableException",
                    f"Pipeline {pipeline.name} has no execution {execution_id}",
                )
            if execution.status is Status.STOPPING and not abandon:
                raise AwsError(
                    "DuplicatedStopRequestException",
                    f"Execution {execution_id} is already stopping and waits for its actions;"
                    " it can still be stopped with abandon",
                )
            if not execution.unfinished:
                raise AwsError(
                    "PipelineExecutionNotStoppableException",
                    f"Execution {execution_id} is {execution.status}; only an execution that is"
                    " InProgress can be stopped",
                )
            execution.stop_reason = reason
            self._flow.stop(execution, abandon)
            return execution

    def retry(self, pipeline: Pipeline, stage_name: str, execution_id: str, mode: str) -> None:
        """Retry a failed stage."""
        with self.store.lock:
            run = self._latest_run(pipeline, stage_name, execution_id)
            self._check_retryable(pipeline, run, mode)
            run.manual_retries += 1
            self._flow.retry(run, mode, "ManualStageRetry")

    def override(
        self, pipeline: Pipeline, stage_name: str, execution_id: str, kind: ConditionType
    ) -> None:
        """Let an execution pass a condition that is being checked, or that has failed the stage."""
        with self.store.lock:
            run = self._latest_run(pipeline, stage_name, execution_id)
            condition = run.conditions.get(kind)
            blocking = {Status.IN_PROGRESS: Status.IN_PROGRESS} | dict.fromkeys(
                (Status.FAILED, Status.ERRORED), Status.FAILED
            )
            if condition is None or blocking.get(condition.status) is not run.status:
                found = condition.status if condition else "not checked"
                raise AwsError(
                    "ConditionNotOverridableException",
                    f"Condition {kind} of stage {stage_name} is {found} and the stage {run.status}; only"
                    " a condition that is in progress, or that failed the stage, can be overridden",
                )
            if run.status is Status.FAILED:
                self._check_free(pipeline, run)
                self._check_capacity(pipeline)
            self._flow.override(run, kind)

    def roll_back(self, pipeline: Pipeline, stage_name: str, target_id: str) -> PipelineExecution:
        """Run a stage again with the artifacts and variables of an execution that succeeded in it."""
        with self.store.lock:
            lookup.stage(pipeline, stage_name)
            target = lookup.execution(pipeline, target_id)
            if pipeline.declaration.mode is Mode.PARALLEL:
                raise _cannot_roll_back("a pipeline in PARALLEL mode has no rollback")
            if pipeline.declaration.stages[0].name == stage_name:
                raise _cannot_roll_back(f"{stage_name} is the source stage")
            if target.type is ExecutionType.ROLLBACK:
                raise _cannot_roll_back(f"execution {target_id} is itself a rollback")
            if target.declaration.version != pipeline.declaration.version:
                raise AwsError(
                    "PipelineExecutionOutdatedException",
                    f"Execution {target_id} ran version {target.declaration.version} of the pipeline,"
                    f" which is now at version {pipeline.declaration.version}",
                )
            if not _succeeded_in(target, stage_name):
                raise _cannot_roll_back(
                    f"execution {target_id} did not succeed in stage {stage_name}"
                )
            if stage_name in pipeline.holders:
                raise _cannot_roll_back(
                    f"execution {pipeline.holders[stage_name].id} is in stage {stage_name}"
                )
            return self._roll_back(
                pipeline, stage_name, target, Trigger("ManualRollback", self.caller)
            )

    def enable(self, pipeline: Pipeline, stage_name: str) -> None:
        """Let executions into a stage again."""
        with self.store.lock:
            pipeline.disabled.pop(stage_name, None)
            self._flow.advance(pipeline)

    def disable(self, pipeline: Pipeline, stage_name: str, reason: str) -> None:
        """Keep executions out of a stage."""
        with self.store.lock:
            pipeline.disabled[stage_name] = DisabledTransition(
                reason, self.caller, self._clock.now()
            )

    def replace(self, pipeline: Pipeline, declaration: PipelineDeclaration) -> None:
        """Replace the definition of a pipeline. Executions continue when stages and mode stay the same."""
        with self.store.lock:
            before = pipeline.declaration
            # "Cancelled: the pipeline's definition was updated before the pipeline execution could be
            # completed" (API reference, PipelineExecution).
            if before.stages != declaration.stages or before.mode is not declaration.mode:
                self._flow.cancel_all(pipeline)
            pipeline.declaration = declaration
            pipeline.versions[declaration.version] = declaration
            pipeline.updated = self._clock.now()
            names = {stage.name for stage in declaration.stages}
            pipeline.disabled = {n: d for n, d in pipeline.disabled.items() if n in names}

    def remove(self, name: str) -> None:
        """Delete a pipeline. Its executions are cancelled."""
        with self.store.lock:
            pipeline = self.store.pipelines.pop(name, None)
            if pipeline is not None:
                self._flow.cancel_all(pipeline)

    def _new_execution(self, pipeline: Pipeline, trigger: Trigger) -> PipelineExecution:
        now = self._clock.now()
        execution = PipelineExecution(
            id=str(uuid.uuid4()),
            sequence=next(self._sequence),
            pipeline=pipeline,
            declaration=pipeline.declaration,
            trigger=trigger,
            started=now,
            updated=now,
        )
        pipeline.executions[execution.id] = execution
        return execution

    def _latest_run(self, pipeline: Pipeline, stage_name: str, execution_id: str) -> StageRun:
        lookup.stage(pipeline, stage_name)
        execution = pipeline.executions.get(execution_id)
        run = execution.stages.get(stage_name) if execution else None
        parallel = pipeline.declaration.mode is Mode.PARALLEL
        latest = pipeline.latest_runs.get(stage_name)
        if run is None or not (parallel or latest is run):
            raise AwsError(
                "NotLatestPipelineExecutionException",
                f"Execution {execution_id} is not the latest in stage {stage_name}; that is"
                f" {latest.execution.id if latest else 'none yet'}",
            )
        return run

    def _check_free(self, pipeline: Pipeline, run: StageRun) -> None:
        holder = pipeline.holders.get(run.name)
        if holder not in {None, run.execution}:
            raise AwsError(
                "ConflictException", f"Execution {holder and holder.id} is in {run.name}"
            )

    def _check_capacity(self, pipeline: Pipeline) -> None:
        mode = pipeline.declaration.mode
        if mode is not Mode.SUPERSEDED and len(pipeline.unfinished) >= MAX_CONCURRENT:
            raise AwsError(
                "ConcurrentPipelineExecutionsLimitExceededException",
                f"Pipeline {pipeline.name} has {len(pipeline.unfinished)} unfinished executions; in"
                f" {mode} mode the limit is {MAX_CONCURRENT}",
            )

    def _check_retryable(self, pipeline: Pipeline, run: StageRun, mode: str) -> None:
        where = f"Stage {run.name} of execution {run.execution.id}"
        if run.execution.declaration.stages != pipeline.declaration.stages:
            raise _not_retryable(f"{where} ran under another structure of the pipeline")
        if run.status is Status.IN_PROGRESS and run.latest_retry_trigger:
            raise AwsError("ConflictException", f"{where} is being retried already")
        if run.status not in {Status.FAILED, Status.STOPPED}:
            raise _not_retryable(
                f"{where} is {run.status}; only a stage that failed can be retried"
            )
        unsuccessful = {Status.FAILED, Status.ABANDONED}
        failed = any(action.status in unsuccessful for action in run.current.values())
        if not failed and not run.failed_condition():
            raise _not_retryable(f"{where} contains no failed action or condition")
        if mode == "ALL_ACTIONS" and run.running():
            names = ", ".join(action.declaration.name for action in run.running())
            raise AwsError(
                "ConflictException",
                f"{where} still has actions in progress: {names}. Wait for them, or retry FAILED_ACTIONS",
            )
        self._check_free(pipeline, run)
        self._check_capacity(pipeline)

    def _roll_back(
        self, pipeline: Pipeline, stage_name: str, target: PipelineExecution, trigger: Trigger
    ) -> PipelineExecution:
        execution = self._new_execution(pipeline, trigger)
        execution.type = ExecutionType.ROLLBACK
        execution.rollback_target = target.id
        execution.variables = dict(target.variables)
        execution.artifacts = dict(target.artifacts)
        execution.namespaces = {name: dict(values) for name, values in target.namespaces.items()}
        execution.revisions = dict(target.revisions)
        self._flow.adopt(execution, stage_name)
        return execution

    def _roll_back_automatically(self, run: StageRun) -> None:
        pipeline = run.execution.pipeline
        for target in reversed(pipeline.executions.values()):
            if (
                target is not run.execution
                and target.type is ExecutionType.STANDARD
                and target.declaration.version == pipeline.declaration.version
                and _succeeded_in(target, run.name)
            ):
                trigger = Trigger("AutomatedRollback", run.execution.id)
                self._roll_back(pipeline, run.name, target, trigger)
                return


def _succeeded_in(execution: PipelineExecution, stage_name: str) -> bool:
    run = execution.stages.get(stage_name)
    return run is not None and run.status is Status.SUCCEEDED


def _cannot_roll_back(reason: str) -> AwsError:
    return AwsError("UnableToRollbackStageException", f"Unable to roll back the stage: {reason}")


def _not_retryable(reason: str) -> AwsError:
    return AwsError("StageNotRetryableException", f"Unable to retry. {reason}")
