"""The one place that changes the state of an alarm: history, event and actions follow from it."""

from __future__ import annotations

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from localaws.core.context import Context
from localaws.services.cloudwatch import actions
from localaws.services.cloudwatch.alarm import Alarm, AlarmTable
from localaws.services.cloudwatch.evaluation import State

_log = logging.getLogger(__name__)
_WORKERS: Final = 4
_MAX_DATA: Final = 4_095


@dataclass(frozen=True)
class NewState:
    """The state that an evaluation or SetAlarmState gives to an alarm."""

    value: State
    reason: str
    reason_data: str | None
    at: datetime


class Changes:
    """Changes states, and runs the actions in the background."""

    def __init__(self, context: Context, table: AlarmTable) -> None:
        self._context = context
        self._table = table
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="alarm-action")
        self._stopping = threading.Event()

    def close(self) -> None:
        """Drop the actions that are queued."""
        self._stopping.set()
        self._workers.shutdown(wait=False, cancel_futures=True)

    def note_configuration(self, alarm: Alarm, verb: str) -> None:
        """Write a change of the settings into the history. The caller holds the table's lock."""
        data = {"version": "1.0", "type": verb, "updatedAlarm": _plain(alarm.settings)}
        summary = {
            "Create": f'Alarm "{alarm.name}" created',
            "Update": f'Alarm "{alarm.name}" updated',
            "Delete": f'Alarm "{alarm.name}" deleted',
        }[verb]
        self._note(alarm, "ConfigurationUpdate", summary, data, self._context.clock.now())

    def apply(self, alarm: Alarm, new: NewState) -> None:
        """Give an alarm a state. The caller holds the table's lock.

        Nothing but the reason changes when the alarm has that state already; actions that are repeated run.
        """
        previous = (alarm.state, alarm.reason, alarm.reason_data, alarm.state_updated)
        changed = new.value is not alarm.state
        if changed:
            alarm.state = new.value
            alarm.transitioned = new.at
        if changed or alarm.state_updated is None:
            alarm.reason, alarm.reason_data, alarm.state_updated = (
                new.reason,
                new.reason_data,
                new.at,
            )
        document = _document(alarm, previous)
        if changed:
            self._note_state(alarm, document, previous[0])
            self._submit(self._publish, alarm.arn, document)
        if not alarm.settings.get("ActionsEnabled", True) or alarm.suppression is not None:
            return
        for action in alarm.actions(new.value):
            if changed or actions.is_repeated(action):
                self._submit(self._act, alarm, action, document, changed)

    def _submit(self, function: Any, *arguments: Any) -> None:
        if not self._stopping.is_set():
            self._workers.submit(function, *arguments)

    def _publish(self, arn: str, document: dict[str, Any]) -> None:
        self._context.publish("aws.cloudwatch", "CloudWatch Alarm State Change", document, [arn])

    def _act(self, alarm: Alarm, action: str, document: dict[str, Any], changed: bool) -> None:
        try:
            failure = actions.run(self._context, alarm, action, document)
        except Exception as error:
            _log.exception("alarm %s: action %s failed", alarm.name, action)
            failure = repr(error)
        if not changed and failure is None:
            return
        verb = "Failed to execute" if failure else "Successfully executed"
        data = {
            "actionState": "Failed" if failure else "Succeeded",
            "notificationResource": action,
            "stateUpdateTimestamp": document["state"]["timestamp"],
            "publishedMessage": None,
            "error": failure,
        }
        with self._table.lock:
            now = self._context.clock.now()
            self._note(alarm, "Action", f"{verb} action {action}"[:255], data, now)

    def _note_state(self, alarm: Alarm, document: dict[str, Any], previous: State) -> None:
        data = {
            "version": "1.0",
            "oldState": _history_state(document["previousState"]),
            "newState": _history_state(document["state"]),
        }
        summary = f"Alarm updated from {previous.value} to {alarm.state.value}"
        at = alarm.transitioned or self._context.clock.now()
        self._note(alarm, "StateUpdate", summary, data, at)

    def _note(
        self, alarm: Alarm, kind: str, summary: str, data: dict[str, Any], at: datetime
    ) -> None:
        alarm.history.append(
            {
                "AlarmName": alarm.name,
                "AlarmType": alarm.kind,
                "Timestamp": at,
                "HistoryItemType": kind,
                "HistorySummary": summary,
                "HistoryData": json.dumps(data, default=str)[:_MAX_DATA],
            }
        )


def _history_state(state: dict[str, Any]) -> dict[str, Any]:
    shown = {"stateValue": state["value"], "stateReason": state.get("reason")}
    if state.get("reasonData"):
        shown["stateReasonData"] = json.loads(state["reasonData"])
    return shown


def _document(
    alarm: Alarm, previous: tuple[State, str, str | None, datetime | None]
) -> dict[str, Any]:
    """The detail of the event, which is ``alarmData`` of a function too."""
    return {
        "alarmName": alarm.name,
        "state": _state(alarm.state, alarm.reason, alarm.reason_data, alarm.state_updated),
        "previousState": _state(*previous),
        "configuration": _configuration(alarm),
    }


def _state(
    value: State, reason: str, reason_data: str | None, at: datetime | None
) -> dict[str, Any]:
    state: dict[str, Any] = {"value": value.value, "reason": reason}
    if reason_data:
        state["reasonData"] = reason_data
    if at is not None:
        state["timestamp"] = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
    return state


def _configuration(alarm: Alarm) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if alarm.settings.get("AlarmDescription"):
        shown["description"] = alarm.settings["AlarmDescription"]
    if alarm.rule is not None:
        return shown | {"alarmRule": alarm.rule.text}
    metrics = []
    for query in alarm.queries:
        entry: dict[str, Any] = {"id": query.id, "returnData": query.returned}
        if query.metric is not None:
            entry["metricStat"] = {
                "metric": {
                    "namespace": query.metric.metric.namespace,
                    "name": query.metric.metric.name,
                    "dimensions": dict(query.metric.metric.dimensions),
                },
                "period": query.metric.period,
                "stat": query.metric.stat,
            }
        elif query.expression is not None:
            entry |= {"expression": query.expression.text, "label": query.label}
        metrics.append(entry)
    return shown | {"metrics": metrics}


def _plain(settings: dict[str, Any]) -> dict[str, Any]:
    return {name[:1].lower() + name[1:]: value for name, value in settings.items()}
