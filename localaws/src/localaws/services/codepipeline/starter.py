"""Starts actions and rules: resolves their configuration and places their artifacts."""

from __future__ import annotations

import itertools
import secrets
import string
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from localaws.core.clock import Clock
from localaws.services.codepipeline import variables
from localaws.services.codepipeline.action_types import timeout_seconds
from localaws.services.codepipeline.declaration import ActionDeclaration, Mode
from localaws.services.codepipeline.models import (
    ActionExecution,
    Artifact,
    ConditionRun,
    ErrorDetails,
    PipelineExecution,
    StageRun,
)
from localaws.services.codepipeline.statuses import StatusWriter

_KEY_CHARACTERS: Final = string.ascii_letters + string.digits


class Starter:
    """Makes the execution of an action or rule, and launches it.

    Args:
        clock: dates what is made.
        statuses: publishes the start.
        launch: starts the thread of an action; must not block.
    """

    def __init__(
        self, clock: Clock, statuses: StatusWriter, launch: Callable[[ActionExecution], None]
    ) -> None:
        self._clock = clock
        self._statuses = statuses
        self._launch = launch
        self._sequence = itertools.count(1)

    def start(
        self, run: StageRun, declaration: ActionDeclaration, condition: ConditionRun | None = None
    ) -> ActionExecution:
        """Start an action of a stage, or a rule of a condition."""
        execution, now = run.execution, self._clock.now()
        action = ActionExecution(
            id=str(uuid.uuid4()),
            sequence=next(self._sequence),
            execution=execution,
            stage_name=run.name,
            declaration=declaration,
            started=now,
            updated=now,
            inputs=tuple(
                execution.artifacts[name]
                for name in declaration.inputs
                if name in execution.artifacts
            ),
            outputs=tuple(self._place(execution, name) for name in declaration.outputs),
            condition=condition,
        )
        try:
            action.resolved = variables.resolve(declaration.configuration, namespaces(execution))
        except variables.UnresolvedVariableError as error:
            action.plan_error = ErrorDetails("ConfigurationError", str(error))
        missing = [name for name in declaration.inputs if name not in execution.artifacts]
        if missing:
            action.plan_error = ErrorDetails(
                "ConfigurationError",
                f"There is no input artifact {missing[0]}: the stage of the action that outputs it was"
                " skipped in this execution",
            )
        if declaration.type.category == "Approval":
            action.token = str(uuid.uuid4())
            action.expires = now + timedelta(seconds=timeout_seconds(declaration))
            if execution.declaration.mode is Mode.PARALLEL:
                # GetPipelineState shows no token in PARALLEL mode; this takes its place (API reference,
                # PutApprovalResult).
                action.external_id = action.token
        if condition is not None:
            condition.rules.append(action)
            execution.pipeline.rules.append(action)
        else:
            run.current[declaration.name] = action
            execution.pipeline.actions.append(action)
            execution.pipeline.latest_actions[run.name, declaration.name] = action
        self._statuses.start_action(action)
        self._launch(action)
        return action

    def _place(self, execution: PipelineExecution, artifact_name: str) -> Artifact:
        # The same form as on AWS: <pipeline, cut>/<artifact, cut at 10>/<random>.
        unique = "".join(secrets.choice(_KEY_CHARACTERS) for _ in range(7))
        key = f"{execution.declaration.name[:20]}/{artifact_name[:10]}/{unique}"
        return Artifact(artifact_name, execution.declaration.bucket, key)


def namespaces(execution: PipelineExecution) -> dict[str, dict[str, str]]:
    """Every variable an action of the execution can refer to now."""
    return {
        variables.EXECUTION_NAMESPACE: {"PipelineExecutionId": execution.id},
        variables.PIPELINE_NAMESPACE: execution.variables,
    } | execution.namespaces
