"""The exit codes and the files of stress_test.py, with a target in memory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from landing_zone.commands import stress_test
from landing_zone.core import cli
from landing_zone.load.sender import Answer


class Target:
    """Every fourth request fails, once those before the load have been answered."""

    def __init__(self) -> None:
        self.calls = 0

    def __str__(self) -> str:
        return "endpoint fake"

    def send(self, body: bytes) -> Answer:
        self.calls += 1
        return Answer("ModelError 500", "no") if self.calls % 4 == 0 else Answer(variant="A")


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Target:
    made = Target()
    monkeypatch.setattr(stress_test, "_target", lambda *_: made)
    return made


def run(folder: Path, *options: str) -> int:
    parser = cli.parser("stress_test.py", stress_test.__doc__)
    stress_test.add_arguments(parser)
    return cli.run_command(stress_test.run, parser, ["--output", str(folder), *options])


LOAD = ("--rate", "200", "--requests", "40")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), 0),
        (("--max-error-rate", "0.25", "--max-p99-ms", "60000", "--min-rate", "1"), 0),
        (("--max-error-rate", "0.24"), 1),
        (("--max-p99-ms", "0.0001"), 1),
        (("--min-rate", "200"), 1),
    ],
)
def test_the_thresholds_decide_the_exit_code(
    target: Target,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    code: int,
) -> None:
    assert run(tmp_path, *LOAD, *options) == code

    results = json.loads((tmp_path / "results.json").read_text())
    assert (results["sent"], results["failed"], results["met"]) == (40, 10, code == 0)
    assert len(results["thresholds"]) == len(options) / 2
    assert results["started"].endswith("+00:00")
    output = capsys.readouterr().out
    assert "endpoint fake: 40 requests in 0.2 s (200 requests a second for 0.2 s)" in output
    assert (tmp_path / "summary.txt").read_text() in output
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--connections", "501"), "--connections is 501; allowed: more than 0, at most 500"),
        (("--rate", "1000", "--seconds", "3600"), "more than 1,000,000 requests"),
        (("--data", "/does/not/exist.csv"), "/does/not/exist.csv cannot be read as CSV"),
        (("--output", "/dev/null/x"), "--output /dev/null/x cannot be created"),
    ],
)
def test_an_option_that_cannot_be_is_wrong_usage(
    target: Target,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    message: str,
) -> None:
    assert run(tmp_path, *options) == 2
    err = capsys.readouterr().err
    assert err.startswith("stress_test.py: ") and message in err
    assert target.calls == 0


@pytest.mark.parametrize(
    "options",
    [
        ("--rate", "0"),
        ("--rate", "1", "--ramp", "1:2"),
        ("--preset", "huge"),
        ("--max-error-rate", "2"),
        ("--url", "https://x", "--endpoint", "y"),
    ],
)
def test_argparse_refuses_the_rest(
    target: Target, tmp_path: Path, options: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as raised:
        run(tmp_path, *options)
    assert raised.value.code == 2
    assert target.calls == 0


def test_a_url_by_plain_http_is_wrong_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")

    assert run(tmp_path, "--url", "http://api.example.com/infer") == 2
    assert "allowed: https" in capsys.readouterr().err


def test_a_target_that_does_not_answer_is_no_success(
    target: Target,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(target, "send", lambda _: Answer("ValidationError", "no such endpoint"))

    assert run(tmp_path, *LOAD) == 1
    assert "answers ValidationError" in capsys.readouterr().err
    assert not (tmp_path / "results.json").exists()
