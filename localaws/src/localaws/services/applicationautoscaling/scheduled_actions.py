"""The operations on scheduled actions, which set the bounds of a scalable target at a time."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from localaws.core.context import Context
from localaws.core.errors import AwsError
from localaws.core.paging import page
from localaws.core.provider import operation
from localaws.services.applicationautoscaling.records import (
    DIMENSION,
    NAMESPACE,
    Action,
    ScalableTarget,
    Table,
    check_namespace,
    invalid_token,
    validation,
)
from localaws.services.applicationautoscaling.scalable_targets import PAGE
from localaws.services.applicationautoscaling.scaling import Scaling
from localaws.services.scheduler.expressions import ExpressionError, Schedule, parse_schedule
from localaws.services.scheduler.ticker import Ticker

_SETTINGS = ("Schedule", "Timezone", "StartTime", "EndTime", "ScalableTargetAction")

Params = dict[str, Any]


class ScheduledActions:
    """PutScheduledAction, DescribeScheduledActions, DeleteScheduledAction."""

    def __init__(self, context: Context, table: Table, scaling: Scaling, ticker: Ticker) -> None:
        self._context = context
        self._table = table
        self._scaling = scaling
        self._ticker = ticker

    @operation
    def put_scheduled_action(self, params: Params) -> Params:
        """PutScheduledAction. What a request to an existing action leaves out stays."""
        name = params["ScheduledActionName"]
        with self._table.lock:
            target = self._table.target(params)
            known = target.actions.get(name)
            now = self._context.clock.now()
            settings = {
                **(known.settings if known else {}),
                **{key: params[key] for key in _SETTINGS if key in params},
            }
            if "Schedule" not in settings:
                raise validation("Schedule must be specified for a new scheduled action.")
            bounds = settings.get("ScalableTargetAction") or {}
            if not {"MinCapacity", "MaxCapacity"} & bounds.keys():
                raise validation("ScalableTargetAction needs MinCapacity, MaxCapacity or both.")
            timing = _timing(settings)
            if known is None:
                path = f"scheduledAction:{uuid.uuid4()}:resource/{NAMESPACE}/{target.resource}"
                arn = self._context.arn("autoscaling", f"{path}:scheduledActionName/{name}")
                known = target.actions[name] = Action(name, arn, settings, now)
            known.settings = settings
            self._follow(target, known, timing, now)
        return {}

    @operation
    def describe_scheduled_actions(self, params: Params) -> Params:
        """DescribeScheduledActions."""
        check_namespace(params)
        names, resource = params.get("ScheduledActionNames"), params.get("ResourceId")
        with self._table.lock:
            found = [
                (target, action)
                for target in self._table.targets.values()
                for action in target.actions.values()
                if resource in {None, target.resource} and (not names or action.name in names)
            ]
            chosen, token = page(
                found, lambda pair: (pair[0].resource, pair[1].name),
                listing=["ScheduledActions", names, resource], token=params.get("NextToken"),
                size=params.get("MaxResults", PAGE), invalid_token=invalid_token,
            )  # fmt: skip
            shown = [
                {
                    "ScheduledActionName": action.name,
                    "ScheduledActionARN": action.arn,
                    "ServiceNamespace": NAMESPACE,
                    "ResourceId": target.resource,
                    "ScalableDimension": DIMENSION,
                    "CreationTime": action.created,
                    **action.settings,
                }
                for target, action in chosen
            ]
        return {"ScheduledActions": shown, "NextToken": token}

    @operation
    def delete_scheduled_action(self, params: Params) -> Params:
        """DeleteScheduledAction."""
        name = params["ScheduledActionName"]
        with self._table.lock:
            target = self._table.target(params, "scheduled action")
            if target.actions.pop(name, None) is None:
                raise AwsError(
                    "ObjectNotFoundException",
                    f"No scheduled action found for service namespace: {NAMESPACE}, resource ID: "
                    f"{target.resource}, scalable dimension: {DIMENSION}, scheduled action name: {name}",
                )
            self._ticker.remove((target.resource, name))
        return {}

    def _follow(
        self, target: ScalableTarget, action: Action, timing: Schedule, now: datetime
    ) -> None:
        start, end = action.settings.get("StartTime"), action.settings.get("EndTime")
        anchor = start or now

        def following(moment: datetime) -> datetime | None:
            found = timing.after(max(moment, anchor), anchor)
            return found if found is None or end is None or found <= end else None

        def fire(_moment: datetime) -> None:
            with self._table.lock:
                if target.suspended.get("ScheduledScalingSuspended"):
                    return
                bounds = action.settings["ScalableTargetAction"]
                target.minimum = bounds.get("MinCapacity", target.minimum)
                target.maximum = max(target.minimum, bounds.get("MaxCapacity", target.maximum))
                cause = (
                    f"scheduled action name {action.name} was triggered: minimum capacity was set to "
                    f"{target.minimum}, maximum capacity to {target.maximum}"
                )
            self._scaling.keep_within_bounds(target, cause)

        key = (target.resource, action.name)
        self._ticker.set(key, following(now), following, fire)


def _timing(settings: Params) -> Schedule:
    try:
        return parse_schedule(settings["Schedule"], settings.get("Timezone", "UTC"))
    except ExpressionError as error:
        raise validation(f"Schedule is not valid: {error}.") from error
