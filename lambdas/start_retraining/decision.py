"""Whether drift starts a retraining. Every rule that says no gives its reason and the next step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

RUNNING = frozenset({"InProgress", "Stopping"})


@dataclass(frozen=True)
class LastRetraining:
    """The last one that was started for an endpoint."""

    run_id: str
    started: datetime
    status: str  # of the pipeline execution


@dataclass(frozen=True)
class Situation:
    """What the decision depends on."""

    enabled: bool
    alarm_state: str  # of the alarm on drift; "" when there is none
    verdict: str
    labelled_rows: int
    minimum_labels: int
    cooldown_days: int
    last: LastRetraining | None
    now: datetime


@dataclass(frozen=True)
class Decision:
    start: bool
    reason: str


def decide(situation: Situation) -> Decision:
    if not situation.enabled:
        return Decision(False, "retraining is off: set monitoring.retrain.enabled to turn it on")
    if situation.verdict != "drift":
        return Decision(False, f"the latest verdict is {situation.verdict!r}")
    if situation.alarm_state != "ALARM":
        return Decision(
            False,
            f"the alarm on drift is {situation.alarm_state or 'missing'}: drift has to last for as "
            "many periods as monitoring.alarm says",
        )
    last = situation.last
    if last is not None and last.status in RUNNING:
        return Decision(False, f"the retraining {last.run_id} is still {last.status}")
    if last is not None:
        end = last.started + timedelta(days=situation.cooldown_days)
        if situation.now < end:
            return Decision(
                False,
                f"the last retraining, {last.run_id}, started at {last.started:%Y-%m-%d %H:%M}; the "
                f"cooldown of {situation.cooldown_days} days ends at {end:%Y-%m-%d %H:%M}",
            )
    if situation.labelled_rows < situation.minimum_labels:
        return Decision(
            False,
            f"{situation.labelled_rows} captured rows have a label, a retraining needs "
            f"{situation.minimum_labels}: upload labels with drift.py --labels FILE, or start a run "
            "with data of your own",
        )
    return Decision(
        True,
        f"drift has lasted, and {situation.labelled_rows} captured rows have a label",
    )
