"""Cron expressions of deployment windows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from localaws.services.codepipeline.windows import is_open

# A Friday, and the third one of its month.
FRIDAY = datetime(2026, 5, 15, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "cron",
    [
        "* * * * * *",
        "* * * * * * 2026",
        "* 30 10 15 5 ?",
        "* 0/15 10-12 ? MAY FRI",
        "* */10 8,10 ? 4-6 MON-FRI",
        "* * * ? * 6",
        "* * * ? * FRI#3",
        "* * 22-11 * * ?",
        "* * * 15W * ?",
    ],
)
def test_the_window_is_open(cron: str) -> None:
    assert is_open(cron, FRIDAY)


@pytest.mark.parametrize(
    "cron",
    [
        "* 31 * * * ?",
        "* * 11 * * ?",
        "* * * 14 * ?",
        "* * * * JUN ?",
        "* * * ? * MON-THU",
        "* * * ? * FRI#2",
        "* * * ? * FRIL",
        "* * * L * ?",
        "* * * * * * 2027",
    ],
)
def test_the_window_is_closed(cron: str) -> None:
    assert not is_open(cron, FRIDAY)


@pytest.mark.parametrize(
    ("cron", "day"),
    [
        ("* * * L * ?", 31),
        ("* * * L-1 * ?", 30),
        ("* * * LW * ?", 29),  # the 31st is a Sunday
        ("* * * 17W * ?", 18),  # the 17th is a Sunday
        ("* * * 16W * ?", 15),  # the 16th is a Saturday
        ("* * * ? * FRIL", 29),
        ("* * * ? * L", 30),
    ],
)
def test_last_and_nearest_days(cron: str, day: int) -> None:
    assert is_open(cron, FRIDAY.replace(day=day))


@pytest.mark.parametrize(
    ("zone", "opened"),
    [
        (None, False),
        ("UTC+02:00", True),
        ("Europe/Dublin", False),
        ("Europe/Berlin", True),
        ("-03:30", False),
    ],
)
def test_a_window_has_a_time_zone(zone: str | None, opened: bool) -> None:
    assert is_open("* * 12 * * ?", FRIDAY, zone) is opened


@pytest.mark.parametrize(
    ("cron", "zone", "message"),
    [
        ("* * * * *", None, "has 5 fields, expected are 6 or 7"),
        ("0 * * * * ?", None, "the field of the seconds is '0', allowed is *"),
        ("* 60 * * * ?", None, "contains '60'; allowed are 0 to 59"),
        ("* * * * MAYBE ?", None, "contains 'MAYBE'; allowed are 1 to 12 or JAN"),
        ("* * * ? * FUN#1", None, "contains 'FUN'; allowed are 1 to 7 or SUN"),
        ("* */0 * * * ?", None, "contains '0'; allowed are 1 to 59"),
        ("* * * * * ?", "Mars/Base", "TimeZone is 'Mars/Base'"),
    ],
)
def test_a_mistake_is_named(cron: str, zone: str | None, message: str) -> None:
    with pytest.raises(ValueError, match=r"Cron|TimeZone") as caught:
        is_open(cron, FRIDAY, zone)
    assert message in str(caught.value)
