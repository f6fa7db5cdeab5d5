from __future__ import annotations

import re
from pathlib import Path

import pytest

from landing_zone.load import loads
from landing_zone.load.loads import LoadOptions, UsageError, make_load
from landing_zone.load.rows import read_rows


def test_without_options_there_is_a_small_load() -> None:
    load = make_load(LoadOptions())

    assert (load.requests, load.seconds, load.connections) == (300, 30, 50)


@pytest.mark.parametrize(
    ("name", "requests", "connections", "seconds"),
    [("light", 1_000, 10, 33.3), ("medium", 10_000, 100, 33.3), ("heavy", 100_000, 150, 222.2)],
)
def test_a_preset(name: str, requests: int, connections: int, seconds: float) -> None:
    load = make_load(LoadOptions(preset=name))

    assert (load.requests, load.connections) == (requests, connections)
    assert load.seconds == pytest.approx(seconds, abs=0.1)


def test_options_override_a_preset() -> None:
    load = make_load(LoadOptions(preset="heavy", rate=20, seconds=5, connections=3))

    assert (load.requests, load.seconds, load.connections) == (100, 5, 3)


def test_the_number_of_requests_gives_the_duration() -> None:
    assert make_load(LoadOptions(rate=50, requests=200)).seconds == 4
    assert make_load(LoadOptions(ramp=(0, 100), requests=200)).seconds == 4
    steps = make_load(LoadOptions(steps=(10, 30), requests=200))
    assert (steps.seconds, steps.requests) == (10, 200)
    # What comes first ends the load.
    assert make_load(LoadOptions(rate=50, requests=200, seconds=2)).requests == 100


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            LoadOptions(rate=20_000),
            "the highest rate is 20,000; allowed: more than 0, at most 10,000",
        ),
        (LoadOptions(steps=(1, 20_000)), "the highest rate is 20,000"),
        (LoadOptions(seconds=4000), "the number of seconds is 4,000"),
        (LoadOptions(rate=0.1, requests=1000), "the number of seconds is 10,000"),
        (LoadOptions(connections=501), "--connections is 501; allowed: more than 0, at most 500"),
        (LoadOptions(timeout_seconds=301), "--timeout-seconds is 301"),
        (LoadOptions(rate=1000, seconds=2000), "more than 1,000,000 requests"),
        (LoadOptions(rate=1, steps=(1, 2)), "exclude each other"),
    ],
)
def test_a_load_is_bounded(options: LoadOptions, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        make_load(options)


def test_numbers_of_options() -> None:
    assert loads.ramp("0:200") == (0, 200)
    assert loads.steps("50,100.5") == (50, 100.5)
    for read, wrong in (
        (loads.positive, ("0", "-1", "nan", "inf", "x")),
        (loads.whole, ("0", "-1", "1.5")),
        (loads.share, ("-0.1", "1.1", "nan")),
        (loads.ramp, ("1", "1:2:3", "-1:2", "0:0", "nan:1", "1:inf", "1:20000")),
        (loads.steps, ("", "1,,2", "1,0", "1,nan")),
    ):
        for text in wrong:
            with pytest.raises(ValueError):
                read(text)


def test_rows_keep_quoted_values(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('1,"a, b"\r\n\r\n2,"line\nbreak"\n', encoding="utf-8")

    assert read_rows(path) == [b'1,"a, b"\n', b'2,"line\nbreak"\n']


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("\n")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe")
    for name, message in (
        ("empty.csv", "holds no row"),
        ("binary.csv", "cannot be read"),
        ("none.csv", "cannot be read"),
    ):
        with pytest.raises(UsageError, match=message):
            read_rows(tmp_path / name)
