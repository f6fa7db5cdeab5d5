"""The operations on schedules, groups and tags."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any, Final

from localaws.core.context import Context
from localaws.core.errors import AwsError
from localaws.core.paging import page
from localaws.core.provider import operation
from localaws.services.scheduler.check import checked, validation
from localaws.services.scheduler.invoker import Invoker
from localaws.services.scheduler.schedule import (
    DEFAULT_GROUP,
    Group,
    ScheduleRecord,
    ScheduleTable,
)
from localaws.services.scheduler.ticker import Ticker

_PAGE: Final = 100
_TIMING: Final = ("ScheduleExpression", "ScheduleExpressionTimezone", "StartDate")

Params = dict[str, Any]


class Schedules:
    """CreateSchedule and what follows from it."""

    def __init__(
        self, context: Context, table: ScheduleTable, ticker: Ticker, invoker: Invoker
    ) -> None:
        self._context = context
        self._table = table
        self._ticker = ticker
        self._invoker = invoker
        now = context.clock.now()
        table.groups[DEFAULT_GROUP] = Group(DEFAULT_GROUP, self._group_arn(DEFAULT_GROUP), now, now)

    # --- schedules -----------------------------------------------------------------------------------

    @operation
    def create_schedule(self, params: Params) -> Params:
        """CreateSchedule. A repeated request with the same token is answered as the first."""
        settings, timing = checked(self._context, params)
        name, group = params["Name"], params.get("GroupName", DEFAULT_GROUP)
        token = params.get("ClientToken")
        with self._table.lock:
            self._group(group)
            known = self._table.schedules.get((group, name))
            if known is not None:
                if token and known.client_token == token:
                    return {"ScheduleArn": known.arn}
                raise AwsError("ConflictException", f"Schedule {name} already exists.", status=409)
            now = self._context.clock.now()
            arn = self._context.arn("scheduler", f"schedule/{group}/{name}")
            schedule = ScheduleRecord(name, group, arn, settings, timing, now, now, now, token)
            self._table.schedules[schedule.key] = schedule
            self._start(schedule, now)
        return {"ScheduleArn": arn}

    @operation
    def update_schedule(self, params: Params) -> Params:
        """UpdateSchedule: replaces every setting. An unchanged expression keeps its next time."""
        settings, timing = checked(self._context, params)
        with self._table.lock:
            schedule = self._schedule(params)
            same = all(schedule.settings.get(n) == settings.get(n) for n in _TIMING)
            due = self._ticker.due(schedule.key)
            schedule.settings, schedule.timing = settings, timing
            now = schedule.modified = self._context.clock.now()
            if same and due is not None:
                self._set(schedule, due)
            else:
                schedule.anchor = now
                self._start(schedule, now)
        return {"ScheduleArn": schedule.arn}

    @operation
    def get_schedule(self, params: Params) -> Params:
        """GetSchedule."""
        with self._table.lock:
            schedule = self._schedule(params)
            return {
                "Arn": schedule.arn,
                "Name": schedule.name,
                "GroupName": schedule.group,
                "CreationDate": schedule.created,
                "LastModificationDate": schedule.modified,
                **schedule.settings,
            }

    @operation
    def delete_schedule(self, params: Params) -> Params:
        """DeleteSchedule."""
        with self._table.lock:
            self._forget(self._schedule(params))
        return {}

    @operation
    def list_schedules(self, params: Params) -> Params:
        """ListSchedules."""
        prefix, group, state = (
            params.get("NamePrefix", ""), params.get("GroupName"), params.get("State"),
        )  # fmt: skip
        with self._table.lock:
            if group is not None:
                self._group(group)
            found = [
                schedule
                for schedule in self._table.schedules.values()
                if schedule.name.startswith(prefix)
                and group in {None, schedule.group}
                and state in {None, schedule.settings["State"]}
            ]
            listing = ["ListSchedules", prefix, group, state]
            chosen, token = page(
                found, lambda schedule: schedule.key, listing=listing,
                token=params.get("NextToken"), size=params.get("MaxResults", _PAGE),
                invalid_token=_invalid_token,
            )  # fmt: skip
            shown = [
                {
                    "Arn": schedule.arn,
                    "Name": schedule.name,
                    "GroupName": schedule.group,
                    "State": schedule.settings["State"],
                    "CreationDate": schedule.created,
                    "LastModificationDate": schedule.modified,
                    "Target": {"Arn": schedule.settings["Target"]["Arn"]},
                }
                for schedule in chosen
            ]
        return {"Schedules": shown, "NextToken": token}

    # --- groups and tags -----------------------------------------------------------------------------

    @operation
    def create_schedule_group(self, params: Params) -> Params:
        """CreateScheduleGroup."""
        name = params["Name"]
        with self._table.lock:
            if name in self._table.groups:
                raise AwsError(
                    "ConflictException", f"Schedule group {name} already exists.", status=409
                )
            now = self._context.clock.now()
            tags = {tag["Key"]: tag["Value"] for tag in params.get("Tags") or ()}
            group = Group(name, self._group_arn(name), now, now, tags)
            self._table.groups[name] = group
        return {"ScheduleGroupArn": group.arn}

    @operation
    def get_schedule_group(self, params: Params) -> Params:
        """GetScheduleGroup."""
        with self._table.lock:
            return _describe(self._group(params["Name"]))

    @operation
    def list_schedule_groups(self, params: Params) -> Params:
        """ListScheduleGroups."""
        prefix = params.get("NamePrefix", "")
        with self._table.lock:
            found = [g for g in self._table.groups.values() if g.name.startswith(prefix)]
            chosen, token = page(
                found, lambda group: group.name, listing=["ListScheduleGroups", prefix],
                token=params.get("NextToken"), size=params.get("MaxResults", _PAGE),
                invalid_token=_invalid_token,
            )  # fmt: skip
            return {"ScheduleGroups": [_describe(group) for group in chosen], "NextToken": token}

    @operation
    def delete_schedule_group(self, params: Params) -> Params:
        """DeleteScheduleGroup, with every schedule in it."""
        name = params["Name"]
        if name == DEFAULT_GROUP:
            raise validation("The default schedule group cannot be deleted.")
        with self._table.lock:
            self._group(name)
            for schedule in [s for s in self._table.schedules.values() if s.group == name]:
                self._forget(schedule)
            del self._table.groups[name]
        return {}

    @operation
    def tag_resource(self, params: Params) -> Params:
        """TagResource: groups have tags, schedules have none."""
        with self._table.lock:
            group = self._group_by_arn(params["ResourceArn"])
            group.tags |= {tag["Key"]: tag["Value"] for tag in params["Tags"]}
        return {}

    @operation
    def untag_resource(self, params: Params) -> Params:
        """UntagResource."""
        with self._table.lock:
            group = self._group_by_arn(params["ResourceArn"])
            for key in params["TagKeys"]:
                group.tags.pop(key, None)
        return {}

    @operation
    def list_tags_for_resource(self, params: Params) -> Params:
        """ListTagsForResource."""
        with self._table.lock:
            tags = sorted(self._group_by_arn(params["ResourceArn"]).tags.items())
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags]}

    # --- time ----------------------------------------------------------------------------------------

    def _start(self, schedule: ScheduleRecord, now: datetime) -> None:
        # A rate without a start date begins at once.
        at_once = schedule.timing.every is not None and "StartDate" not in schedule.settings
        self._set(schedule, now if at_once else schedule.after(now))

    def _set(self, schedule: ScheduleRecord, due: datetime | None) -> None:
        if schedule.settings["State"] != "ENABLED":
            self._ticker.remove(schedule.key)
            return

        def fire(scheduled: datetime) -> None:
            window = schedule.settings["FlexibleTimeWindow"].get("MaximumWindowInMinutes", 0)
            if not window:
                self._invoker.submit(schedule, scheduled)
                return
            delay = random.uniform(0, window * 60)  # noqa: S311 - a moment, not a secret
            self._ticker.set(
                (*schedule.key, scheduled),
                scheduled + timedelta(seconds=delay),
                lambda _at: None,
                lambda _at: self._invoker.submit(schedule, scheduled),
            )

        def ended() -> None:
            if schedule.settings["ActionAfterCompletion"] != "DELETE":
                return
            with self._table.lock:
                if self._table.schedules.get(schedule.key) is schedule:
                    self._forget(schedule)

        self._ticker.set(schedule.key, due, schedule.after, fire, ended)

    def _forget(self, schedule: ScheduleRecord) -> None:
        self._ticker.remove(schedule.key)
        del self._table.schedules[schedule.key]

    def _schedule(self, params: Params) -> ScheduleRecord:
        name, group = params["Name"], params.get("GroupName", DEFAULT_GROUP)
        found = self._table.schedules.get((group, name))
        if found is None:
            raise AwsError(
                "ResourceNotFoundException", f"Schedule {name} does not exist.", status=404
            )
        return found

    def _group(self, name: str) -> Group:
        if name not in self._table.groups:
            raise AwsError(
                "ResourceNotFoundException", f"Schedule group {name} does not exist.", status=404
            )
        return self._table.groups[name]

    def _group_by_arn(self, arn: str) -> Group:
        return self._group(arn.rsplit("/", 1)[-1])

    def _group_arn(self, name: str) -> str:
        return self._context.arn("scheduler", f"schedule-group/{name}")


def _describe(group: Group) -> Params:
    return {
        "Arn": group.arn,
        "Name": group.name,
        "State": "ACTIVE",
        "CreationDate": group.created,
        "LastModificationDate": group.modified,
    }


def _invalid_token(token: str) -> AwsError:
    return validation(f"NextToken {token!r} is not from this listing.")
