"""Deployment windows: cron expressions of six or seven fields (user guide: rule-reference-DeploymentWindow).

The fields are seconds (always ``*``), minutes, hours, day of the month, month, day of the week (1 is Sunday)
and, optionally, year.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_MONTHS: Final = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS: Final = {
    name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)
}
_NO_NAMES: Final[Mapping[str, int]] = {}
_OFFSET: Final = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::(\d{2}))?")
_LAST_DAY: Final = re.compile(r"L(?:-(\d+))?(W)?")
_NEAREST_WEEKDAY: Final = re.compile(r"(\d+)W")
_LAST_OR_NTH: Final = re.compile(r"(\w+?)(?:L|#([1-5]))")


def is_open(cron: str, moment: datetime, time_zone: str | None = None) -> bool:
    """Whether a moment lies in a window.

    Raises:
        ValueError: the expression or the time zone is not valid.
    """
    fields = cron.upper().split()
    if len(fields) not in {6, 7}:
        raise ValueError(f"Cron is {cron!r}: it has {len(fields)} fields, expected are 6 or 7")
    seconds, minutes, hours, day, month, weekday = fields[:6]
    if seconds != "*":
        raise ValueError(f"Cron is {cron!r}: the field of the seconds is {seconds!r}, allowed is *")
    local = moment.astimezone(zone(time_zone))
    # Every field is read, so that a mistake in one is reported whatever the others say.
    matches = [
        local.minute in _values(minutes, 0, 59, _NO_NAMES),
        local.hour in _values(hours, 0, 23, _NO_NAMES),
        local.month in _values(month, 1, 12, _MONTHS),
        _matches_day(day, local.date()),
        _matches_weekday(weekday, local.date()),
        len(fields) == 6 or local.year in _values(fields[6], 1970, 2199, _NO_NAMES),
    ]
    return all(matches)


def zone(name: str | None) -> tzinfo:
    """A time zone by its name (``Europe/Dublin``) or its offset (``UTC+02:00``); UTC without a name.

    Raises:
        ValueError: there is no such zone.
    """
    if not name:
        return UTC
    if found := _OFFSET.fullmatch(name):
        sign = 1 if found[1] == "+" else -1
        return timezone(sign * timedelta(hours=int(found[2]), minutes=int(found[3] or 0)))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(
            f"TimeZone is {name!r}: expected is a name such as Europe/Dublin or an offset such as UTC+02:00"
        ) from error


def _values(field: str, low: int, high: int, names: Mapping[str, int]) -> set[int]:
    """The values of a field with ``*``, ``,``, ``-`` and ``/``."""
    return {value for part in field.split(",") for value in _part(part, low, high, names)}


def _part(part: str, low: int, high: int, names: Mapping[str, int]) -> Iterator[int]:
    base, slash, step_text = part.partition("/")
    start_text, dash, end_text = base.partition("-")
    start = low if start_text == "*" else _number(start_text, low, high, names)
    last = high if slash or start_text == "*" else start
    end = _number(end_text, low, high, names) if dash else last
    step = _number(step_text, 1, high, _NO_NAMES) if slash else 1
    if end < start:  # for example FRI-MON
        return iter([*range(start, high + 1, step), *range(low, end + 1, step)])
    return iter(range(start, end + 1, step))


def _number(text: str, low: int, high: int, names: Mapping[str, int]) -> int:
    number = names.get(text, -1) if not text.isdigit() else int(text)
    if not low <= number <= high:
        known = f" or {', '.join(names)}" if names else ""
        raise ValueError(f"Cron contains {text!r}; allowed are {low} to {high}{known}")
    return number


def _matches_day(field: str, today: date) -> bool:
    if field == "?":
        return True
    last = calendar.monthrange(today.year, today.month)[1]
    if found := _LAST_DAY.fullmatch(field):
        wanted = today.replace(day=max(1, last - int(found[1] or 0)))
        return today == (_nearest_weekday(wanted, last) if found[2] else wanted)
    if found := _NEAREST_WEEKDAY.fullmatch(field):
        day = min(_number(found[1], 1, 31, _NO_NAMES), last)
        return today == _nearest_weekday(today.replace(day=day), last)
    return today.day in _values(field, 1, 31, _NO_NAMES)


def _matches_weekday(field: str, today: date) -> bool:
    if field == "?":
        return True
    weekday = today.isoweekday() % 7 + 1
    if field == "L":
        return weekday == 7
    if found := _LAST_OR_NTH.fullmatch(field):
        if weekday != _number(found[1], 1, 7, _DAYS):
            return False
        if found[2]:
            return (today.day - 1) // 7 + 1 == int(found[2])
        return today.day + 7 > calendar.monthrange(today.year, today.month)[1]
    return weekday in _values(field, 1, 7, _DAYS)


def _nearest_weekday(day: date, last: int) -> date:
    """The weekday nearest to a day, in the same month."""
    if day.isoweekday() == 6:
        return day - timedelta(days=1) if day.day > 1 else day + timedelta(days=2)
    if day.isoweekday() == 7:
        return day + timedelta(days=1) if day.day < last else day - timedelta(days=2)
    return day
