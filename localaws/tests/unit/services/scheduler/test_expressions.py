from datetime import UTC, datetime, timedelta

import pytest

from localaws.services.scheduler.expressions import ExpressionError, parse_schedule

START = datetime(2026, 1, 1, tzinfo=UTC)


def times(text, zone="UTC", start=START, count=3):
    schedule = parse_schedule(text, zone)
    found = []
    for _ in range(count):
        start = schedule.after(start, START)
        if start is None:
            break
        found.append(start.strftime("%Y-%m-%dT%H:%M"))
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rate(5 minutes)", ["2026-01-01T00:05", "2026-01-01T00:10", "2026-01-01T00:15"]),
        ("rate(1 day)", ["2026-01-02T00:00", "2026-01-03T00:00", "2026-01-04T00:00"]),
        ("cron(0 10 * * ? *)", ["2026-01-01T10:00", "2026-01-02T10:00", "2026-01-03T10:00"]),
        ("cron(15 12 ? * MON-FRI *)", ["2026-01-01T12:15", "2026-01-02T12:15", "2026-01-05T12:15"]),
        ("cron(0/20 8 * * ? *)", ["2026-01-01T08:00", "2026-01-01T08:20", "2026-01-01T08:40"]),
        ("cron(0 8 1 * ? *)", ["2026-01-01T08:00", "2026-02-01T08:00", "2026-03-01T08:00"]),
        ("cron(0 0 L * ? *)", ["2026-01-31T00:00", "2026-02-28T00:00", "2026-03-31T00:00"]),
        ("cron(0 0 ? * 2#1 *)", ["2026-01-05T00:00", "2026-02-02T00:00", "2026-03-02T00:00"]),
        ("cron(0 0 ? * FRIL *)", ["2026-01-30T00:00", "2026-02-27T00:00", "2026-03-27T00:00"]),
        ("cron(0 0 15W * ? *)", ["2026-01-15T00:00", "2026-02-16T00:00", "2026-03-16T00:00"]),
        ("cron(0 0 ? JAN,JUL SUN 2026)", ["2026-01-04T00:00", "2026-01-11T00:00", "2026-01-18T00:00"]),
        ("cron(30 6 29 2 ? *)", ["2028-02-29T06:30", "2032-02-29T06:30", "2036-02-29T06:30"]),
        ("cron(0 0 1 1 ? 2020)", []),
        ("at(2026-05-01T08:00:00)", ["2026-05-01T08:00"]),
        ("at(2025-05-01T08:00:00)", []),
    ],
)  # fmt: skip
def test_times(text, expected):
    assert times(text) == expected


def test_a_time_zone_moves_the_times():
    assert times("cron(0 9 * * ? *)", "America/New_York", count=1) == ["2026-01-01T14:00"]
    assert times("at(2026-07-01T09:00:00)", "Europe/Berlin") == ["2026-07-01T07:00"]


def test_a_time_that_summer_time_leaves_out_is_left_out():
    start = datetime(2026, 3, 28, 12, tzinfo=UTC)
    found = times("cron(30 2 * * ? *)", "Europe/Berlin", start, 2)
    # On 29 March the clocks go from 02:00 to 03:00.
    assert found == ["2026-03-30T00:30", "2026-03-31T00:30"]


def test_a_time_that_occurs_twice_is_taken_once():
    start = datetime(2026, 10, 24, 12, tzinfo=UTC)
    found = times("cron(30 2 * * ? *)", "Europe/Berlin", start, 2)
    # On 25 October 02:30 occurs at 00:30 and at 01:30 UTC.
    assert found == ["2026-10-25T00:30", "2026-10-26T01:30"]


def test_a_rate_counts_from_its_anchor():
    schedule = parse_schedule("rate(2 hours)")
    moment = START + timedelta(hours=5)
    assert schedule.after(moment, START) == START + timedelta(hours=6)
    assert schedule.after(START + timedelta(hours=6), START) == START + timedelta(hours=8)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("every minute", "is not rate"),
        ("rate(0 minutes)", "must have the form rate"),
        ("rate(5 seconds)", "must have the form rate"),
        ("at(2026-05-01)", "must have the form at"),
        ("cron(0 10 * * *)", "has 5 fields"),
        ("cron(0 10 * * * *)", "exactly one of day-of-month and day-of-week must be"),
        ("cron(60 10 * * ? *)", "minutes has '60'"),
        ("cron(0 10 ? * MOO *)", "day-of-week has 'MOO'"),
        ("cron(0/0 10 * * ? *)", "the step '0'"),
    ],
)
def test_what_is_refused(text, words):
    with pytest.raises(ExpressionError, match=words.replace("(", r"\(")):
        parse_schedule(text)


def test_the_unit_of_a_rate_agrees_where_that_is_demanded():
    parse_schedule("rate(1 minutes)")
    for text in ("rate(1 minutes)", "rate(2 minute)"):
        with pytest.raises(ExpressionError, match="singular for 1"):
            parse_schedule(text, strict=True)


def test_an_unknown_time_zone():
    with pytest.raises(ExpressionError, match="'Moon/Base' is not the name of a time zone"):
        parse_schedule("rate(1 day)", "Moon/Base")
