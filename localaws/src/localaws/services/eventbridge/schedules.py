"""The rules with a schedule: each fires as the clock reaches its times."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from moto.events.exceptions import ValidationException
from moto.events.models import Rule

from localaws.core.clock import Clock
from localaws.services.scheduler.expressions import (
    ExpressionError,
    Schedule,
    parse_schedule,
)
from localaws.services.scheduler.ticker import Ticker


class ScheduledRules:
    """The schedules of the rules of an account and region.

    Args:
        clock: of localaws.
        fire: called with the rule and the time.
    """

    def __init__(self, clock: Clock, fire: Callable[[Rule, datetime], None]) -> None:
        self._clock = clock
        self._fire = fire
        self._ticker = Ticker(clock, "scheduled-rules")
        self._known: dict[str, tuple[str, Schedule, datetime]] = {}

    def update(self, rule: Rule) -> None:
        """Follow the schedule and the state of a rule. An unchanged schedule goes on as before."""
        text = rule.scheduled_expression
        if not text or rule.state == "DISABLED":
            self.remove(rule.name)
            return
        known = self._known.get(rule.name)
        due = self._ticker.due(rule.name)
        if known is None or known[0] != text:
            known, due = (text, parsed(text), self._clock.now()), None
            self._known[rule.name] = known
        _, schedule, anchor = known
        due = due or schedule.after(self._clock.now(), anchor)
        self._ticker.set(
            rule.name,
            due,
            lambda moment: schedule.after(moment, anchor),
            lambda moment: self._fire(rule, moment),
        )

    def remove(self, name: str) -> None:
        """Forget a rule."""
        self._known.pop(name, None)
        self._ticker.remove(name)

    def close(self) -> None:
        """Fire nothing any more."""
        self._ticker.close()


def parsed(text: str) -> Schedule:
    """The schedule of a rule.

    Raises:
        ValidationException: it is not one. Rules have no time zone and no at(...).
    """
    try:
        schedule = parse_schedule(text, strict=True)
    except ExpressionError as error:
        raise ValidationException(
            f"Parameter ScheduleExpression is not valid. Reason: {error}"
        ) from error
    if schedule.once is not None:
        raise ValidationException(
            "Parameter ScheduleExpression is not valid. Reason: a rule has rate(...) or cron(...); "
            "at(...) is for EventBridge Scheduler"
        )
    return schedule
