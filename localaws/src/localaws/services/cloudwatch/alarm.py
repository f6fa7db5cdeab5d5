"""The record of an alarm."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from localaws.services.cloudwatch.evaluation import Missing, State
from localaws.services.cloudwatch.queries import Query
from localaws.services.cloudwatch.rules import Rule
from localaws.services.cloudwatch.store import MINUTE

# AWS keeps the history of an alarm for 30 days.
MAX_HISTORY: Final = 1_000
# Alarms over more than a day are evaluated once an hour.
_DAY: Final = 86_400
_HOUR: Final = 3_600
# An alarm with a shorter period is one of high resolution, which is evaluated every ten seconds.
_SHORT_INTERVAL: Final = 10


@dataclass
class Alarm:
    """A metric alarm or a composite alarm: its settings as the API shows them, and its state."""

    name: str
    arn: str
    settings: dict[str, Any]
    """The members of MetricAlarm or CompositeAlarm that a request sets."""
    updated: datetime
    queries: list[Query] = field(default_factory=list)
    """What a metric alarm evaluates; empty for a composite alarm."""
    query_id: str = ""
    """The query whose data points are compared with the threshold."""
    rule: Rule | None = None
    tags: dict[str, str] = field(default_factory=dict)
    state: State = State.INSUFFICIENT_DATA
    reason: str = "Unchecked: Initial alarm creation"
    reason_data: str | None = None
    state_updated: datetime | None = None
    transitioned: datetime | None = None
    suppression: tuple[str, str] | None = None
    """Who suppresses the actions of a composite alarm, and why."""
    history: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=MAX_HISTORY))

    @property
    def is_composite(self) -> bool:
        """Whether a rule decides, not a metric."""
        return self.rule is not None

    @property
    def kind(self) -> str:
        """AWS's name of the type."""
        return "CompositeAlarm" if self.is_composite else "MetricAlarm"

    @property
    def period(self) -> int:
        """The length of a data point in seconds."""
        return next((q.period for q in self.queries if q.id == self.query_id), MINUTE) or MINUTE

    @property
    def interval(self) -> int:
        """The seconds between two evaluations."""
        if self.period < MINUTE:
            return _SHORT_INTERVAL
        span = self.period * int(self.settings.get("EvaluationPeriods", 1))
        return _HOUR if span > _DAY else MINUTE

    @property
    def missing(self) -> Missing:
        """How missing data points are treated."""
        return Missing(self.settings.get("TreatMissingData", Missing.MISSING.value))

    def actions(self, state: State) -> list[str]:
        """The ARNs of the actions on a change to a state."""
        member = {
            State.OK: "OKActions",
            State.ALARM: "AlarmActions",
            State.INSUFFICIENT_DATA: "InsufficientDataActions",
        }[state]
        return list(self.settings.get(member) or ())

    def describe(self) -> dict[str, Any]:
        """MetricAlarm or CompositeAlarm of the API."""
        shown = {
            "AlarmName": self.name,
            "AlarmArn": self.arn,
            "AlarmConfigurationUpdatedTimestamp": self.updated,
            "StateValue": self.state.value,
            "StateReason": self.reason,
            "StateReasonData": self.reason_data,
            "StateUpdatedTimestamp": self.state_updated or self.updated,
            "StateTransitionedTimestamp": self.transitioned or self.updated,
        } | self.settings
        if self.suppression is not None:
            shown["ActionsSuppressedBy"], shown["ActionsSuppressedReason"] = self.suppression
        return shown


class AlarmTable:
    """The alarms of an account and region. Its lock guards every record."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.alarms: dict[str, Alarm] = {}
        self.deleted_history: deque[dict[str, Any]] = deque(maxlen=MAX_HISTORY)
        """The history of deleted alarms, which AWS shows for some time."""
