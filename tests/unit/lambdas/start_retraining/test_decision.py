"""The rules of a retraining, one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from start_retraining.decision import LastRetraining, Situation, decide

NOW = datetime(2026, 5, 20, 3, 0, tzinfo=UTC)
DRIFTED = Situation(True, "ALARM", "drift", 250, 200, 7, None, NOW)


def last(days: float, status: str = "Succeeded") -> LastRetraining:
    return LastRetraining("run-1", NOW - timedelta(days=days), status)


def test_lasting_drift_with_labels_starts_a_retraining() -> None:
    decision = decide(DRIFTED)
    assert decision.start
    assert decision.reason == "drift has lasted, and 250 captured rows have a label"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"enabled": False}, "retraining is off: set monitoring.retrain.enabled"),
        ({"verdict": "no drift"}, "the latest verdict is 'no drift'"),
        ({"verdict": "too few rows"}, "the latest verdict is 'too few rows'"),
        ({"alarm_state": "OK"}, "the alarm on drift is OK: drift has to last"),
        ({"alarm_state": ""}, "the alarm on drift is missing: drift has to last"),
        ({"last": last(30, "InProgress")}, "the retraining run-1 is still InProgress"),
        (
            {"last": last(6.9)},
            "the last retraining, run-1, started at 2026-05-13 05:24; the cooldown of 7 days ends at "
            "2026-05-20 05:24",
        ),
        ({"last": last(1, "Failed")}, "the last retraining, run-1, started at 2026-05-19 03:00"),
        ({"labelled_rows": 199}, "199 captured rows have a label, a retraining needs 200"),
    ],
)
def test_what_starts_none_and_why(changes: dict[str, object], reason: str) -> None:
    decision = decide(replace(DRIFTED, **changes))  # type: ignore[arg-type]
    assert not decision.start
    assert decision.reason.startswith(reason)


def test_after_the_cooldown_there_may_be_another() -> None:
    assert decide(replace(DRIFTED, last=last(7))).start
    assert decide(replace(DRIFTED, last=last(8, "Failed"))).start
