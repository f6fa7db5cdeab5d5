"""Evaluates the alarms as the clock advances.

An alarm is evaluated at the end of each minute, on the periods that end there: every ten seconds when its
period is shorter than a minute, once an hour when it looks at more than a day. When a fast clock has passed
several such times, the alarm is evaluated for each of them, so it has every state that it has on AWS.
"""

from __future__ import annotations

import json
import logging
import threading
from datetime import UTC, datetime
from typing import Any, Final

from localaws.core.context import Context
from localaws.services.cloudwatch.alarm import Alarm, AlarmTable
from localaws.services.cloudwatch.changes import Changes, NewState
from localaws.services.cloudwatch.distribution import Distribution
from localaws.services.cloudwatch.evaluation import (
    COMPARISONS,
    EXTRA_POINTS,
    Missing,
    Point,
    State,
    Verdict,
    evaluate,
)
from localaws.services.cloudwatch.queries import distributions
from localaws.services.cloudwatch.queries import evaluate as evaluate_queries
from localaws.services.cloudwatch.statistics import percentile_of
from localaws.services.cloudwatch.store import MINUTE, MetricStore

_log = logging.getLogger(__name__)
# When the clock runs so fast that evaluating takes longer than the time that passes, the oldest are left out.
MAX_MISSED: Final = 600
_MAX_REASON: Final = 1_023
_MAX_PASSES: Final = 10
_TREATED: Final = {Missing.BREACHING: "Breaching", Missing.NOT_BREACHING: "NonBreaching"}


class Evaluator:
    """The thread that evaluates the alarms of an account and region. It starts with the first alarm."""

    def __init__(
        self, context: Context, store: MetricStore, table: AlarmTable, changes: Changes
    ) -> None:
        self._context = context
        self._store = store
        self._table = table
        self._changes = changes
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def notice(self, alarm: Alarm) -> None:
        """An alarm is new or changed. The caller holds the table's lock.

        A metric alarm keeps its state, INSUFFICIENT_DATA when it is new, until its next evaluation. A
        composite alarm gets its state at once.
        """
        if alarm.is_composite:
            self.settle()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="alarms", daemon=True)
            self._thread.start()
        self._wake.set()

    def close(self) -> None:
        """Stop the thread."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def evaluate(self, alarm: Alarm, at: int) -> None:
        """Evaluate a metric alarm on the periods that end at ``at``. The caller holds the table's lock."""
        if alarm.is_composite:
            return
        points, samples = self._points(alarm, at)
        periods = alarm.settings["EvaluationPeriods"]
        needed = alarm.settings.get("DatapointsToAlarm") or periods
        verdict = evaluate(points, periods, needed, alarm.missing)
        if verdict.state is None or self._has_low_samples(alarm, verdict, samples):
            return
        moment = datetime.fromtimestamp(at, UTC)
        reason = _reason(alarm, verdict, periods, needed)[:_MAX_REASON]
        data = _reason_data(alarm, verdict, samples, at, points[0].at)
        self._changes.apply(alarm, NewState(verdict.state, reason, data, moment))

    def settle(self) -> None:
        """Give each composite alarm the state that its rule demands. The caller holds the table's lock."""
        alarms = self._table.alarms
        composites = [alarm for alarm in alarms.values() if alarm.is_composite]

        def state(name: str) -> State:
            found = alarms.get(name)
            return found.state if found else State.INSUFFICIENT_DATA

        # A rule can name other composite alarms, in any order.
        for _ in range(_MAX_PASSES):
            changed = False
            for alarm in composites:
                assert alarm.rule is not None
                new = State.ALARM if alarm.rule.holds(state) else State.OK
                if new is not alarm.state:
                    changed = True
                    reason, data = _composite_reason(alarm, alarms, new)
                    now = self._context.clock.now()
                    self._changes.apply(alarm, NewState(new, reason[:_MAX_REASON], data, now))
            if not changed:
                return

    def _run(self) -> None:
        clock = self._context.clock
        last = int(clock.now().timestamp())
        while not self._stopping.is_set():
            with self._table.lock:
                intervals = [a.interval for a in self._table.alarms.values() if not a.is_composite]
            step = min([MINUTE, *intervals])
            now = clock.now().timestamp()
            due = range(last - last % step + step, int(now) + 1, step)
            if not due:
                self._wake.clear()
                clock.wait(self._wake, last - last % step + step - now)
                continue
            for at in due[-MAX_MISSED:]:
                if self._stopping.is_set():
                    return
                self._evaluate_all(at)
            last = due[-1]

    def _evaluate_all(self, at: int) -> None:
        with self._table.lock:
            for alarm in list(self._table.alarms.values()):
                if at % alarm.interval == 0:
                    try:
                        self.evaluate(alarm, at)
                    except Exception:
                        _log.exception("alarm %s was not evaluated", alarm.name)
            self.settle()

    def _points(self, alarm: Alarm, at: int) -> tuple[list[Point], dict[int, Distribution]]:
        """The evaluation range, the oldest first; and for an alarm on one metric its distributions."""
        period = alarm.period
        count = alarm.settings["EvaluationPeriods"] + EXTRA_POINTS
        start = at - count * period
        results = evaluate_queries(self._store, alarm.queries, start, at)
        values = results[alarm.query_id].points
        compare = COMPARISONS[alarm.settings["ComparisonOperator"]][0]
        threshold = alarm.settings["Threshold"]
        points = []
        for begin in range(start, at, period):
            value = values.get(begin)
            points.append(Point(begin, value, value is not None and compare(value, threshold)))
        samples: dict[int, Distribution] = {}
        only = alarm.queries[0].metric if len(alarm.queries) == 1 else None
        if only is not None:
            samples = distributions(self._store, only, start, at)
        return points, samples

    def _has_low_samples(
        self, alarm: Alarm, verdict: Verdict, samples: dict[int, Distribution]
    ) -> bool:
        """Whether an alarm on a percentile ignores its data points because of too few samples."""
        if alarm.settings.get("EvaluateLowSampleCountPercentile") != "ignore":
            return False
        percent = percentile_of(alarm.settings["ExtendedStatistic"]) or 0.0
        # User guide, "percentile-based alarms and low data samples": 10/(1-p) samples, or 10/p below p50.
        share = min(percent, 100 - percent) / 100
        needed = 10 / share if share else float("inf")
        return any(samples[p.at].count < needed for p in verdict.points if p.at in samples)


def _reason(alarm: Alarm, verdict: Verdict, periods: int, needed: int) -> str:
    state = verdict.state
    if state is State.INSUFFICIENT_DATA:
        verb = "datapoint was" if periods == 1 else "datapoints were"
        return f"Insufficient Data: {periods} {verb} unknown."
    treated = _TREATED.get(alarm.missing)
    if not verdict.points:
        noun = "period" if periods == 1 else "periods"
        return (
            f"Threshold Crossed: no datapoints were received for {periods} {noun} and "
            f"{_missing(verdict.filled)} treated as [{treated}]."
        )
    is_alarm = state is State.ALARM
    shown = [point for point in verdict.points if point.breaching is is_alarm] or list(
        verdict.points
    )
    values = ", ".join(
        f"{point.value} ({datetime.fromtimestamp(point.at, UTC):%d/%m/%y %H:%M:%S})"
        for point in shown
    )
    words = COMPARISONS[alarm.settings["ComparisonOperator"]][1]
    verb = f"{'was' if len(shown) == 1 else 'were'} {'' if is_alarm else 'not '}{words}"
    minimum = needed if is_alarm else periods - needed + 1
    noun = "datapoint" if minimum == 1 else "datapoints"
    change = "OK -> ALARM" if is_alarm else "ALARM -> OK"
    filled = (
        f" and {_missing(verdict.filled)} treated as [{treated}]"
        if verdict.filled and treated
        else ""
    )
    return (
        f"Threshold Crossed: {len(shown)} out of the last {len(verdict.points)} datapoints [{values}] "
        f"{verb} the threshold ({alarm.settings['Threshold']}){filled} "
        f"(minimum {minimum} {noun} for {change} transition)."
    )


def _missing(count: int) -> str:
    return f"{count} missing datapoint{' was' if count == 1 else 's were'}"


def _reason_data(
    alarm: Alarm, verdict: Verdict, samples: dict[int, Distribution], at: int, start: int
) -> str:
    data: dict[str, Any] = {"version": "1.0", "queryDate": _time(at), "startDate": _time(start)}
    settings = alarm.settings
    if "MetricName" in settings:
        data["statistic"] = settings.get("Statistic") or settings["ExtendedStatistic"]
        if settings.get("Unit"):
            data["unit"] = settings["Unit"]
    data |= {
        "period": alarm.period,
        "recentDatapoints": [point.value for point in reversed(verdict.points)],
        "threshold": settings["Threshold"],
        "evaluatedDatapoints": [
            {
                "timestamp": _time(point.at),
                **({"sampleCount": samples[point.at].count} if point.at in samples else {}),
                "value": point.value,
            }
            for point in verdict.points
        ],
    }
    return json.dumps(data)


def _composite_reason(alarm: Alarm, alarms: dict[str, Alarm], new: State) -> tuple[str, str]:
    assert alarm.rule is not None
    children = [alarms[name] for name in alarm.rule.alarms if name in alarms]
    moved = [child for child in children if child.transitioned is not None]
    latest = max(moved, key=lambda child: child.transitioned or child.updated, default=None)
    data = {
        "triggeringAlarms": [
            {
                "arn": child.arn,
                "state": {
                    "value": child.state.value,
                    "timestamp": _time((child.transitioned or child.updated).timestamp()),
                },
            }
            for child in children
        ]
    }
    if latest is None or latest.transitioned is None:
        return f"{alarm.arn} was created and its alarm rule evaluates to {new.value}", json.dumps(
            data
        )
    moment = latest.transitioned.strftime("%A %d %B, %Y %H:%M:%S UTC")
    return f"{latest.arn} transitioned to {latest.state.value} at {moment}", json.dumps(data)


def _time(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"
