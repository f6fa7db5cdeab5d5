"""The record of a schedule."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from localaws.services.scheduler.expressions import Schedule

DEFAULT_GROUP: Final = "default"


@dataclass
class ScheduleRecord:
    """A schedule: the settings of its request, and since when it counts."""

    name: str
    group: str
    arn: str
    settings: dict[str, Any]
    """The members of GetSchedule that a request sets, with AWS's defaults."""
    timing: Schedule
    created: datetime
    modified: datetime
    anchor: datetime
    """From when a rate counts."""
    client_token: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Group and name."""
        return (self.group, self.name)

    def after(self, moment: datetime) -> datetime | None:
        """The first time after ``moment`` between the start and the end date."""
        start, end = self.settings.get("StartDate"), self.settings.get("EndDate")
        if self.timing.once is None and start is not None and moment < start:
            if self.timing.every is not None:
                return start if end is None or start <= end else None
            found = self.timing.after(start, start)
        else:
            found = self.timing.after(moment, self.anchor if start is None else start)
        if found is None or self.timing.once is not None or end is None:
            return found
        return found if found <= end else None


@dataclass
class Group:
    """A group of schedules."""

    name: str
    arn: str
    created: datetime
    modified: datetime
    tags: dict[str, str] = field(default_factory=dict)


class ScheduleTable:
    """The schedules and groups of an account and region."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.schedules: dict[tuple[str, str], ScheduleRecord] = {}
        self.groups: dict[str, Group] = {}
