"""Finds pipelines and their parts by name, with AWS's errors for those that do not exist."""

from __future__ import annotations

from localaws.core.errors import AwsError
from localaws.services.codepipeline.declaration import ActionDeclaration, StageDeclaration
from localaws.services.codepipeline.models import Pipeline, PipelineExecution, Store


def pipeline(store: Store, name: str, account_id: str) -> Pipeline:
    """A pipeline by name."""
    found = store.pipelines.get(name)
    if found is None:
        raise AwsError(
            "PipelineNotFoundException",
            f"Account '{account_id}' does not have a pipeline with name '{name}'",
        )
    return found


def execution(found: Pipeline, execution_id: str) -> PipelineExecution:
    """An execution by id."""
    if execution_id not in found.executions:
        raise AwsError(
            "PipelineExecutionNotFoundException",
            f"Pipeline {found.name} does not have an execution with id '{execution_id}'",
        )
    return found.executions[execution_id]


def stage(found: Pipeline, name: str) -> StageDeclaration:
    """A stage of the current definition."""
    declared = found.declaration.stage(name)
    if declared is None:
        names = ", ".join(s.name for s in found.declaration.stages)
        raise AwsError(
            "StageNotFoundException", f"Pipeline {found.name} has no stage '{name}'; it has {names}"
        )
    return declared


def action(found: Pipeline, stage_name: str, name: str) -> ActionDeclaration:
    """An action of the current definition."""
    declared = stage(found, stage_name)
    for candidate in declared.actions:
        if candidate.name == name:
            return candidate
    names = ", ".join(a.name for a in declared.actions)
    raise AwsError(
        "ActionNotFoundException", f"Stage {stage_name} has no action '{name}'; it has {names}"
    )
