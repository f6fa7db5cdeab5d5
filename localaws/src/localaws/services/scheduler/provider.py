"""EventBridge Scheduler in one account and region."""

from __future__ import annotations

from localaws.core.context import Context
from localaws.core.provider import Provider
from localaws.services.scheduler.invoker import Invoker
from localaws.services.scheduler.schedule import ScheduleTable
from localaws.services.scheduler.schedules import Schedules
from localaws.services.scheduler.ticker import Ticker


class SchedulerProvider(Provider):
    """Schedules and their groups."""

    service_name = "scheduler"

    def __init__(self, context: Context) -> None:
        self._ticker = Ticker(context.clock, "scheduler")
        self._invoker = Invoker(context)
        super().__init__(context, Schedules(context, ScheduleTable(), self._ticker, self._invoker))

    def close(self) -> None:
        """Fire nothing any more, and drop the invocations that are queued."""
        self._ticker.close()
        self._invoker.close()
