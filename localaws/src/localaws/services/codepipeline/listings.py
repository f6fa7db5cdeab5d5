"""Pages of pipelines, executions, action executions and tags."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from localaws.core import paging
from localaws.core.errors import AwsError
from localaws.services.codepipeline import lookup
from localaws.services.codepipeline.models import (
    ActionExecution,
    Pipeline,
    PipelineExecution,
    Status,
)

T = TypeVar("T")


def page(
    items: Iterable[T],
    position: Callable[[T], paging.Position],
    listing: object,
    params: dict[str, Any],
    default_size: int,
    *,
    descending: bool = False,
) -> tuple[list[T], str | None]:
    """The page of ``items`` that a request asks for, see :func:`localaws.core.paging.page`.

    Args:
        items: all items of the listing.
        position: what the items are sorted by.
        listing: names the listing; a token of another one is refused.
        params: the request, with ``maxResults`` and ``nextToken``.
        default_size: the size of a page when the request names none.
        descending: whether the items are sorted from the highest position to the lowest.
    """
    return paging.page(
        items,
        position,
        listing=listing,
        token=params.get("nextToken"),
        size=params.get("maxResults", default_size),
        invalid_token=_invalid_token,
        descending=descending,
    )


def executions(
    pipeline: Pipeline, params: dict[str, Any]
) -> tuple[list[PipelineExecution], str | None]:
    """ListPipelineExecutions."""
    stage_name = params.get("filter", {}).get("succeededInStage", {}).get("stageName")
    items: Iterable[PipelineExecution] = pipeline.executions.values()
    if stage_name:
        items = (execution for execution in items if _succeeded(execution, stage_name))
    listing = ["ListPipelineExecutions", pipeline.name, stage_name]
    return page(items, lambda item: item.sequence, listing, params, 100, descending=True)


def actions(pipeline: Pipeline, params: dict[str, Any]) -> tuple[list[ActionExecution], str | None]:
    """ListActionExecutions."""
    return _filtered(pipeline, pipeline.actions, _is_current, params, "ListActionExecutions")


def rules(pipeline: Pipeline, params: dict[str, Any]) -> tuple[list[ActionExecution], str | None]:
    """ListRuleExecutions."""
    return _filtered(pipeline, pipeline.rules, _is_current_rule, params, "ListRuleExecutions")


def _filtered(
    pipeline: Pipeline,
    items: Iterable[ActionExecution],
    is_current: Callable[[ActionExecution], bool],
    params: dict[str, Any],
    operation: str,
) -> tuple[list[ActionExecution], str | None]:
    wanted = params.get("filter", {})
    latest = wanted.get("latestInPipelineExecution", {})
    ids = {wanted.get("pipelineExecutionId"), latest.get("pipelineExecutionId")} - {None}
    if len(ids) > 1:
        raise AwsError("ValidationException", f"The filter names two executions: {sorted(ids)}")
    if ids:
        execution = lookup.execution(pipeline, ids.pop())
        items = (action for action in items if action.execution is execution)
    if latest.get("startTimeRange") == "Latest":
        items = (action for action in items if is_current(action))
    listing = [operation, pipeline.name, wanted]
    return page(items, lambda item: item.sequence, listing, params, 100, descending=True)


def _invalid_token(token: str) -> AwsError:
    return AwsError(
        "InvalidNextTokenException",
        f"nextToken {token!r} is not from an earlier answer of this list; start without it",
    )


def _succeeded(execution: PipelineExecution, stage_name: str) -> bool:
    run = execution.stages.get(stage_name)
    return run is not None and run.status is Status.SUCCEEDED


def _is_current(action: ActionExecution) -> bool:
    run = action.execution.stages[action.stage_name]
    return run.current.get(action.declaration.name) is action


def _is_current_rule(rule: ActionExecution) -> bool:
    condition = rule.condition
    assert condition is not None
    return condition.stage_run.conditions.get(condition.declaration.type) is condition
