"""Pages of past executions, newest first. A page stays right while new executions start."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

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
    scope: str,
    position: Callable[[T], int],
    params: dict[str, Any],
    default_size: int,
) -> tuple[list[T], str | None]:
    """The page of ``items`` (in falling order of their position) that the request asks for.

    Args:
        items: what there is to list.
        scope: names the list; a token of another list is refused.
        position: a number that never changes, so that a token points to the same place for ever.
        params: the request, with ``maxResults`` and ``nextToken``.
        default_size: size of a page when the request names none.
    """
    size = params.get("maxResults", default_size)
    below = _decode(params["nextToken"], scope) if "nextToken" in params else None
    found: list[T] = []
    for item in items:
        if below is not None and position(item) >= below:
            continue
        if len(found) == size:
            return found, _encode(scope, position(found[-1]))
        found.append(item)
    return found, None


def _encode(scope: str, position: int) -> str:
    return base64.urlsafe_b64encode(f"{scope}:{position}".encode()).decode()


def _decode(token: str, scope: str) -> int:
    try:
        found, _, position = base64.urlsafe_b64decode(token.encode()).decode().rpartition(":")
        if found == scope:
            return int(position)
    except (binascii.Error, ValueError):
        pass
    raise AwsError(
        "InvalidNextTokenException",
        f"nextToken {token!r} is not from an earlier answer of this list; start without it",
    )


def executions(
    pipeline: Pipeline, params: dict[str, Any]
) -> tuple[list[PipelineExecution], str | None]:
    """ListPipelineExecutions."""
    stage_name = params.get("filter", {}).get("succeededInStage", {}).get("stageName")
    items: Iterable[PipelineExecution] = reversed(pipeline.executions.values())
    if stage_name:
        items = (execution for execution in items if _succeeded(execution, stage_name))
    scope = f"executions:{pipeline.name}:{stage_name or ''}"
    return page(items, scope, lambda execution: execution.sequence, params, 100)


def _succeeded(execution: PipelineExecution, stage_name: str) -> bool:
    run = execution.stages.get(stage_name)
    return run is not None and run.status is Status.SUCCEEDED


def actions(pipeline: Pipeline, params: dict[str, Any]) -> tuple[list[ActionExecution], str | None]:
    """ListActionExecutions."""
    wanted = params.get("filter", {})
    latest = wanted.get("latestInPipelineExecution", {})
    ids = {wanted.get("pipelineExecutionId"), latest.get("pipelineExecutionId")} - {None}
    if len(ids) > 1:
        raise AwsError("ValidationException", f"The filter names two executions: {sorted(ids)}")
    items: Iterable[ActionExecution] = reversed(pipeline.actions)
    if ids:
        execution = lookup.execution(pipeline, ids.pop())
        items = (action for action in items if action.execution is execution)
    if latest.get("startTimeRange") == "Latest":
        items = (action for action in items if _counts(action))
    scope = f"actions:{pipeline.name}:{sorted(wanted)}"
    return page(items, scope, lambda action: action.sequence, params, 100)


def _counts(action: ActionExecution) -> bool:
    run = action.execution.stages[action.stage_name]
    return run.current.get(action.declaration.name) is action
