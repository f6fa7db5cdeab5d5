"""Schedule expressions: ``rate(5 minutes)``, ``cron(0 9 ? * MON-FRI *)``, ``at(2026-05-01T08:00:00)``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from localaws.services.scheduler.cron import Cron, CronError, parse_cron

_UTC: Final = ZoneInfo("UTC")
_UNITS: Final = {"minute": 60, "hour": 3_600, "day": 86_400}


class ExpressionError(ValueError):
    """The expression or the time zone is not valid; the message says why."""


@dataclass(frozen=True)
class Schedule:
    """When something happens. Exactly one of the first three is set."""

    every: timedelta | None = None
    cron: Cron | None = None
    once: datetime | None = None
    zone: ZoneInfo = _UTC

    def after(self, moment: datetime, anchor: datetime) -> datetime | None:
        """The first time after ``moment``, in UTC; None when there is none.

        Args:
            moment: aware.
            anchor: from when a rate counts. The first time of a rate is one period later.
        """
        if self.once is not None:
            return self.once if self.once > moment else None
        if self.cron is not None:
            return self.cron.after(moment, self.zone)
        assert self.every is not None
        passed = max(0, (moment - anchor) // self.every)
        return anchor + self.every * (passed + 1)


def parse_schedule(text: str, zone: str = "UTC", *, strict: bool = False) -> Schedule:
    """Parse an expression.

    Args:
        text: the expression.
        zone: name of an IANA time zone, for cron and at.
        strict: whether the unit of a rate has to agree with its number, as rules of EventBridge demand.

    Raises:
        ExpressionError: it is not valid.
    """
    found = re.fullmatch(r"(rate|cron|at)\((.*)\)", text.strip())
    if not found:
        raise ExpressionError(f"{text!r} is not rate(...), cron(...) or at(...)")
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ExpressionError(f"{zone!r} is not the name of a time zone") from error
    kind, inside = found[1], found[2].strip()
    if kind == "rate":
        return Schedule(every=_rate(text, inside, strict), zone=place)
    if kind == "at":
        try:
            moment = datetime.strptime(inside, "%Y-%m-%dT%H:%M:%S")
        except ValueError as error:
            raise ExpressionError(f"{text!r} must have the form at(yyyy-mm-ddThh:mm:ss)") from error
        return Schedule(once=moment.replace(tzinfo=place).astimezone(UTC), zone=place)
    try:
        return Schedule(cron=parse_cron(inside), zone=place)
    except CronError as error:
        raise ExpressionError(f"{text!r} is not valid: {error}") from error


def _rate(text: str, inside: str, strict: bool) -> timedelta:
    parts = re.fullmatch(r"(\d+)\s+(minute|hour|day)(s?)", inside)
    if not parts or int(parts[1]) < 1:
        raise ExpressionError(f"{text!r} must have the form rate(number minutes|hours|days)")
    number, plural = int(parts[1]), bool(parts[3])
    if strict and plural is (number == 1):
        raise ExpressionError(f"{text!r}: the unit is singular for 1 and plural otherwise")
    return timedelta(seconds=number * _UNITS[parts[2]])
