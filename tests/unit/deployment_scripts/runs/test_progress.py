from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console

from landing_zone.runs.history import Step
from landing_zone.runs.progress import Lines, Screen, duration, picture
from landing_zone.runs.run import Action, Run
from tests.unit.deployment_scripts.fakes import START

NOW = START + timedelta(seconds=75)
STEP = Step("Train", "iris-train-1", "InProgress", START, None, "/aws/sagemaker/TrainingJobs")
ACTION = Action(
    "MLStage", "InvokeML", "StepFunctions", "InProgress", START, attempts=1, steps=(STEP,)
)
LATER = Action("Approve", "ApproveModel", "Manual")


def run(*actions: Action, status: str = "InProgress") -> Run:
    return Run("run-1", status, actions, {})


@pytest.fixture
def written() -> list[str]:
    return []


@pytest.fixture
def lines(written: list[str]) -> Lines:
    return Lines(written.append, lambda: NOW)


def test_a_line_for_each_change_and_none_twice(lines: Lines, written: list[str]) -> None:
    lines.show(run(ACTION, LATER))
    lines.show(run(ACTION, LATER))
    assert len(written) == 2
    assert "Train iris-train-1" in written[0]
    assert "log group /aws/sagemaker/TrainingJobs" in written[0]
    assert "MLStage / InvokeML" in written[1]

    ended = START + timedelta(seconds=5)
    done = replace(STEP, status="Succeeded", ended=ended)
    lines.show(run(replace(ACTION, status="Succeeded", ended=ended, steps=(done,)), LATER))

    assert len(written) == 4
    assert "Succeeded" in written[2]
    assert "5.0 s" in written[2]


def test_a_second_attempt_is_shown_again(lines: Lines, written: list[str]) -> None:
    failed = replace(ACTION, status="Failed", error="column x", steps=())
    lines.show(run(failed))
    lines.show(run(replace(ACTION, attempts=2, steps=())))
    lines.show(run(replace(failed, attempts=2)))

    assert [line.split()[4] for line in written] == ["Failed", "InProgress", "Failed"]
    assert written[0].endswith("column x")


def test_the_error_of_a_job_is_shown(lines: Lines, written: list[str]) -> None:
    failed = replace(STEP, status="Failed", ended=NOW, error="AlgorithmError: no rows")

    lines.show(run(replace(ACTION, steps=(failed,))))

    assert written[0].endswith("AlgorithmError: no rows")


def test_a_waiting_approval_is_shown_as_waiting(lines: Lines, written: list[str]) -> None:
    lines.show(run(replace(LATER, status="InProgress", started=START, token="t", attempts=1)))

    assert "waits for approval" in written[0]


def test_the_screen_shows_everything_within_80_columns() -> None:
    failed = replace(
        ACTION, name="Again", status="Failed", attempts=2, error="[bold] is no markup", steps=()
    )
    waits = replace(LATER, status="InProgress", token="t", started=START)

    text = picture(run(ACTION, failed, waits), NOW).plain

    for expected in (
        "run run-1", "MLStage", "Train", "iris-train-1", "log group /aws/sagemaker/TrainingJobs",
        "1 min 15 s", "Again (try 2)", "[bold] is no markup", "ApproveModel", "waits for approval",
    ):  # fmt: skip
        assert expected in text
    assert max(map(len, text.splitlines())) <= 80


def test_the_screen_names_failed_jobs_and_not_successful_ones() -> None:
    job = replace(STEP, status="Failed", ended=NOW, error="AlgorithmError: no rows")
    done = replace(STEP, status="Succeeded", ended=NOW)

    text = picture(run(replace(ACTION, steps=(job,))), NOW).plain

    assert "AlgorithmError: no rows" in text
    assert "iris-train-1" in text
    assert "iris-train-1" not in picture(run(replace(ACTION, steps=(done,))), NOW).plain


def test_the_screen_redraws_on_a_terminal() -> None:
    console = Console(file=io.StringIO(), width=120, force_terminal=True)

    with Screen(console) as screen:
        screen.show(run(ACTION))
        screen.say("uploaded [x]")

    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "iris-train-1" in text
    assert "uploaded [x]" in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (59.94, "59.9 s"),
        (60, "1 min 00 s"),
        (3599, "59 min 59 s"),
        (7260, "2 h 1 min"),
    ],
)
def test_durations_as_people_write_them(seconds: float, text: str) -> None:
    assert duration(START, START + timedelta(seconds=seconds), NOW) == text
    assert duration(None, None, NOW) == ""
