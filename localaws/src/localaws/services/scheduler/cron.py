"""AWS's cron expressions: ``cron(minutes hours day-of-month month day-of-week year)``.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_LAST_YEAR: Final = 2199
_MONTHS: Final = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS: Final = {
    name: number
    for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), start=1)
}
_Day = Callable[[date], bool]


class CronError(ValueError):
    """The expression is not one of AWS's; the message says why."""


@dataclass(frozen=True)
class Cron:
    """A parsed expression."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: frozenset[int]
    years: frozenset[int]
    day: _Day

    def after(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """The first time after ``moment``; None when there is none.

        A time that a change to summer time leaves out is left out. A time that occurs twice when summer time
        ends is taken once.
        """
        local = moment.astimezone(zone)
        for day in self._days(local.date()):
            for hour in self.hours:
                for minute in self.minutes:
                    found = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
                    there = found.astimezone(UTC)
                    exists = there.astimezone(zone).replace(tzinfo=None) == found.replace(
                        tzinfo=None
                    )
                    if exists and there > moment:
                        return there
        return None

    def _days(self, first: date) -> Iterator[date]:
        for year in sorted(year for year in self.years if year >= first.year):
            for month in range(1, 13):
                if month not in self.months or (year, month) < (first.year, first.month):
                    continue
                for number in range(1, calendar.monthrange(year, month)[1] + 1):
                    day = date(year, month, number)
                    if day >= first and self.day(day):
                        yield day


def parse_cron(text: str) -> Cron:
    """Parse the six fields of an expression, without ``cron(`` and ``)``.

    Raises:
        CronError: they are not valid.
    """
    fields = text.upper().split()
    if len(fields) != 6:
        raise CronError(
            f"it has {len(fields)} fields, but must have 6: minutes hours day-of-month month "
            "day-of-week year"
        )
    minutes, hours, day_of_month, month, day_of_week, year = fields
    if (day_of_month == "?") == (day_of_week == "?"):
        raise CronError("exactly one of day-of-month and day-of-week must be ?")
    by_date = _day_of_week(day_of_week) if day_of_month == "?" else _day_of_month(day_of_month)
    return Cron(
        tuple(sorted(_numbers(minutes, "minutes", 0, 59))),
        tuple(sorted(_numbers(hours, "hours", 0, 23))),
        frozenset(_numbers(month, "month", 1, 12, _MONTHS)),
        frozenset(_numbers(year, "year", 1970, _LAST_YEAR)),
        by_date,
    )


def _numbers(
    text: str, field: str, low: int, high: int, names: dict[str, int] | None = None
) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        if step and not (step.isdigit() and int(step) > 0):
            raise CronError(
                f"{field} has the step {step!r}, but it must be a number greater than 0"
            )
        if span == "*":
            first, last = low, high
        elif "-" in span:
            left, _, right = span.partition("-")
            first, last = (_number(side, field, low, high, names) for side in (left, right))
        else:
            first = _number(span, field, low, high, names)
            last = high if step else first
        if first > last:
            # FRI-MON and NOV-FEB go round.
            found.update(range(first, high + 1, int(step or 1)))
            first, last = low, last
        found.update(range(first, last + 1, int(step or 1)))
    return found


def _number(text: str, field: str, low: int, high: int, names: dict[str, int] | None) -> int:
    value = (names or {}).get(text)
    if value is None and text.isdigit():
        value = int(text)
    if value is None or not low <= value <= high:
        raise CronError(f"{field} has {text!r}, but allows {low} to {high}")
    return value


def _day_of_month(text: str) -> _Day:
    if text == "L":
        return lambda day: day.day == _last(day)
    if text == "LW":
        return lambda day: day == _nearest_weekday(day, _last(day))
    weekday = re.fullmatch(r"(\d{1,2})W", text)
    if weekday:
        wanted = _number(weekday[1], "day-of-month", 1, 31, None)
        return lambda day: wanted <= _last(day) and day == _nearest_weekday(day, wanted)
    numbers = _numbers(text, "day-of-month", 1, 31)
    return lambda day: day.day in numbers


def _day_of_week(text: str) -> _Day:
    if text == "L":
        return lambda day: _weekday(day) == 7
    found = re.fullmatch(r"([A-Z]{3}|\d)(L|#([1-5]))", text)
    if found:
        wanted = _number(found[1], "day-of-week", 1, 7, _DAYS)
        if found[2] == "L":
            return lambda day: _weekday(day) == wanted and day.day > _last(day) - 7
        week = int(found[3])
        return lambda day: _weekday(day) == wanted and (day.day - 1) // 7 + 1 == week
    numbers = _numbers(text, "day-of-week", 1, 7, _DAYS)
    return lambda day: _weekday(day) in numbers


def _weekday(day: date) -> int:
    """1 for Sunday to 7 for Saturday."""
    return day.isoweekday() % 7 + 1


def _last(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _nearest_weekday(day: date, wanted: int) -> date:
    """The weekday nearest to a day of the month, within that month."""
    target = day.replace(day=wanted)
    if target.isoweekday() == 6:
        return target - timedelta(days=1) if wanted > 1 else target + timedelta(days=2)
    if target.isoweekday() == 7:
        return target + timedelta(days=1) if wanted < _last(day) else target - timedelta(days=2)
    return target
