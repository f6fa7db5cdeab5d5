"""The operations on alarms."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from localaws.core.context import Context
from localaws.core.paging import page
from localaws.core.provider import operation
from localaws.services.cloudwatch import rules
from localaws.services.cloudwatch.alarm import Alarm, AlarmTable
from localaws.services.cloudwatch.alarm_check import metric_alarm_queries
from localaws.services.cloudwatch.changes import Changes, NewState
from localaws.services.cloudwatch.errors import (
    invalid_token,
    not_emulated,
    not_found,
    validation,
)
from localaws.services.cloudwatch.evaluation import State
from localaws.services.cloudwatch.evaluator import Evaluator
from localaws.services.cloudwatch.queries import metric_of

_PAGE: Final = 50
_HISTORY_PAGE: Final = 100
_HISTORY_KEPT: Final = timedelta(days=30)
_SUPPRESSOR: Final = (
    "ActionsSuppressor", "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod",
    "ActionConfiguration",
)  # fmt: skip
_DEFAULTS: Final[dict[str, Any]] = {
    "ActionsEnabled": True,
    "OKActions": [],
    "AlarmActions": [],
    "InsufficientDataActions": [],
}

Params = dict[str, Any]


class Alarms:
    """PutMetricAlarm, PutCompositeAlarm and what follows from them."""

    def __init__(
        self, context: Context, table: AlarmTable, changes: Changes, evaluator: Evaluator
    ) -> None:
        self._context = context
        self._table = table
        self._changes = changes
        self._evaluator = evaluator

    @operation
    def put_metric_alarm(self, params: Params) -> Params:
        """PutMetricAlarm. An existing alarm keeps its state and its tags."""
        queries, query_id = metric_alarm_queries(params)
        defaults: Params = {**_DEFAULTS, "TreatMissingData": "missing"}
        if "MetricName" in params:
            defaults["Dimensions"] = []
        with self._table.lock:
            alarm = self._put(params, defaults, composite=False)
            alarm.queries, alarm.query_id = queries, query_id
            self._evaluator.notice(alarm)
        return {}

    @operation
    def put_composite_alarm(self, params: Params) -> Params:
        """PutCompositeAlarm."""
        for name in _SUPPRESSOR:
            if params.get(name):
                raise not_emulated(f"PutCompositeAlarm with {name}")
        rule = rules.parse(params["AlarmRule"])
        with self._table.lock:
            unknown = [name for name in rule.alarms if name not in self._table.alarms]
            if unknown:
                raise validation(f"AlarmRule names alarms that do not exist: {', '.join(unknown)}.")
            alarm = self._put(params, _DEFAULTS, composite=True)
            alarm.rule = rule
            self._evaluator.notice(alarm)
        return {}

    @operation
    def describe_alarms(self, params: Params) -> Params:
        """DescribeAlarms: metric alarms only, unless AlarmTypes says otherwise."""
        if params.get("AlarmNames") and params.get("AlarmNamePrefix"):
            raise validation("AlarmNames and AlarmNamePrefix are mutually exclusive.")
        with self._table.lock:
            found = [alarm for alarm in self._related(params) if _matches(alarm, params)]
            listing = ["DescribeAlarms", {k: v for k, v in params.items() if k != "NextToken"}]
            chosen, token = page(
                found, lambda alarm: alarm.name, listing=listing, token=params.get("NextToken"),
                size=params.get("MaxRecords", _PAGE), invalid_token=invalid_token,
            )  # fmt: skip
            shown = [(alarm.is_composite, alarm.describe()) for alarm in chosen]
        return {
            "MetricAlarms": [alarm for composite, alarm in shown if not composite],
            "CompositeAlarms": [alarm for composite, alarm in shown if composite],
            "NextToken": token,
        }

    @operation
    def describe_alarms_for_metric(self, params: Params) -> Params:
        """DescribeAlarmsForMetric: the alarms on one metric, with exactly these dimensions."""
        metric = metric_of(params)
        with self._table.lock:
            found = [
                alarm.describe()
                for alarm in self._table.alarms.values()
                if "MetricName" in alarm.settings
                and alarm.queries[0].metric is not None
                and alarm.queries[0].metric.metric == metric
                and all(
                    params.get(name) in {None, alarm.settings.get(name)}
                    for name in ("Statistic", "ExtendedStatistic", "Period", "Unit")
                )
            ]
        return {"MetricAlarms": found}

    @operation
    def describe_alarm_history(self, params: Params) -> Params:
        """DescribeAlarmHistory, the latest first unless ScanBy says otherwise."""
        if params.get("AlarmContributorId"):
            raise not_emulated("DescribeAlarmHistory with AlarmContributorId")
        kinds = params.get("AlarmTypes") or ["MetricAlarm"]
        since = self._context.clock.now() - _HISTORY_KEPT
        with self._table.lock:
            items = [*self._table.deleted_history]
            for alarm in self._table.alarms.values():
                items += alarm.history
        numbered = [
            (number, item)
            for number, item in enumerate(sorted(items, key=lambda item: item["Timestamp"]))
            if params.get("AlarmName") in {None, item["AlarmName"]}
            and item["AlarmType"] in kinds
            and params.get("HistoryItemType") in {None, item["HistoryItemType"]}
            and max(since, params.get("StartDate") or since) <= item["Timestamp"]
            and (params.get("EndDate") is None or item["Timestamp"] <= params["EndDate"])
        ]
        listing = ["DescribeAlarmHistory", {k: v for k, v in params.items() if k != "NextToken"}]
        chosen, token = page(
            numbered, lambda row: row[0], listing=listing, token=params.get("NextToken"),
            size=params.get("MaxRecords", _HISTORY_PAGE), invalid_token=invalid_token,
            descending=params.get("ScanBy") != "TimestampAscending",
        )  # fmt: skip
        return {"AlarmHistoryItems": [item for _, item in chosen], "NextToken": token}

    @operation
    def delete_alarms(self, params: Params) -> Params:
        """DeleteAlarms. Nothing is deleted when a name is unknown, or another alarm's rule needs it."""
        names = set(params["AlarmNames"])
        with self._table.lock:
            alarms = self._named(names)
            for other in self._table.alarms.values():
                used = names & set(other.rule.alarms) if other.rule else set()
                if used and other.name not in names:
                    raise validation(
                        f"Cannot delete {sorted(used)[0]} as there are composite alarm(s) depending on "
                        f"it: {other.name}."
                    )
            for alarm in alarms:
                self._changes.note_configuration(alarm, "Delete")
                self._table.deleted_history.extend(alarm.history)
                del self._table.alarms[alarm.name]
        return {}

    @operation
    def set_alarm_state(self, params: Params) -> Params:
        """SetAlarmState: until the next evaluation; the actions run as for any change."""
        data = params.get("StateReasonData")
        with self._table.lock:
            alarm = self._named([params["AlarmName"]])[0]
            now = self._context.clock.now()
            new = NewState(State(params["StateValue"]), params["StateReason"], data, now)
            self._changes.apply(alarm, new)
            self._evaluator.settle()
        return {}

    @operation
    def enable_alarm_actions(self, params: Params) -> Params:
        """EnableAlarmActions."""
        return self._switch_actions(params["AlarmNames"], enabled=True)

    @operation
    def disable_alarm_actions(self, params: Params) -> Params:
        """DisableAlarmActions."""
        return self._switch_actions(params["AlarmNames"], enabled=False)

    def _switch_actions(self, names: Iterable[str], *, enabled: bool) -> Params:
        with self._table.lock:
            for name in names:
                # AWS ignores names that it does not know here.
                alarm = self._table.alarms.get(name)
                if alarm is not None:
                    alarm.settings["ActionsEnabled"] = enabled
                    alarm.updated = self._context.clock.now()
                    self._changes.note_configuration(alarm, "Update")
        return {}

    def _put(self, params: Params, defaults: Params, *, composite: bool) -> Alarm:
        name = params["AlarmName"]
        settings = {**defaults, **params}
        tags = {tag["Key"]: tag["Value"] for tag in settings.pop("Tags", None) or ()}
        del settings["AlarmName"]
        now = self._context.clock.now()
        alarm = self._table.alarms.get(name)
        if alarm is not None and alarm.is_composite != composite:
            raise validation(
                f"The alarm {name} exists and is a {alarm.kind}. Delete it first, or use another name."
            )
        if alarm is None:
            arn = self._context.arn("cloudwatch", f"alarm:{name}")
            alarm = Alarm(name, arn, settings, now, tags=tags)
            self._table.alarms[name] = alarm
            self._changes.note_configuration(alarm, "Create")
        else:
            alarm.settings, alarm.updated = settings, now
            self._changes.note_configuration(alarm, "Update")
        return alarm

    def _named(self, names: Iterable[str]) -> list[Alarm]:
        unknown = sorted(name for name in names if name not in self._table.alarms)
        if unknown:
            raise not_found(f"These alarms do not exist: {', '.join(unknown)}.")
        return [self._table.alarms[name] for name in names]

    def _related(self, params: Params) -> list[Alarm]:
        """All alarms, or those that a rule names, or whose rule names one."""
        alarms = self._table.alarms
        if params.get("ChildrenOfAlarmName"):
            parent = self._named([params["ChildrenOfAlarmName"]])[0]
            names = parent.rule.alarms if parent.rule else ()
            return [alarms[name] for name in names if name in alarms]
        if params.get("ParentsOfAlarmName"):
            child = params["ParentsOfAlarmName"]
            return [a for a in alarms.values() if a.rule is not None and child in a.rule.alarms]
        return list(alarms.values())


def _matches(alarm: Alarm, params: Params) -> bool:
    related = params.get("ChildrenOfAlarmName") or params.get("ParentsOfAlarmName")
    every_kind = ["MetricAlarm", "CompositeAlarm"]
    kinds = params.get("AlarmTypes") or (every_kind if related else ["MetricAlarm"])
    names = params.get("AlarmNames")
    prefix = params.get("ActionPrefix")
    actions = [action for state in State for action in alarm.actions(state)]
    return (
        alarm.kind in kinds
        and (not names or alarm.name in names)
        and alarm.name.startswith(params.get("AlarmNamePrefix", ""))
        and params.get("StateValue") in {None, alarm.state.value}
        and (not prefix or any(action.startswith(prefix) for action in actions))
    )
