from __future__ import annotations

import argparse

import pytest

from landing_zone.commands.approve import summary_of
from landing_zone.core.errors import OperatorError


def arguments(*, yes: bool = False, summary: str = "") -> argparse.Namespace:
    return argparse.Namespace(yes=yes, summary=summary)


def test_yes_answers_with_or_without_a_summary() -> None:
    assert summary_of(arguments(yes=True, summary="good"), approved=True) == "good"
    assert "approve" in summary_of(arguments(yes=True), approved=True)
    assert "reject" in summary_of(arguments(yes=True), approved=False)


def test_without_a_terminal_the_error_names_the_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)

    with pytest.raises(OperatorError, match="--yes to approve, and --summary"):
        summary_of(arguments(), approved=True)


def test_a_person_is_asked_for_reason_and_confirmation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    answers = iter(["better than the last", "y"])
    monkeypatch.setattr("builtins.input", lambda _: next(answers))

    assert summary_of(arguments(), approved=True) == "better than the last"


@pytest.mark.parametrize(
    ("said", "message"), [(["", "y"], "needs a reason"), (["why", "n"], "not answered")]
)
def test_without_reason_or_confirmation_nothing_is_answered(
    monkeypatch: pytest.MonkeyPatch, said: list[str], message: str
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    answers = iter(said)
    monkeypatch.setattr("builtins.input", lambda _: next(answers))

    with pytest.raises(OperatorError, match=message):
        summary_of(arguments(), approved=True)
