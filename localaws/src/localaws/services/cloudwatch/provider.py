"""CloudWatch in one account and region."""

from __future__ import annotations

from localaws.core.context import Context
from localaws.core.provider import Provider
from localaws.services.cloudwatch.alarm import AlarmTable
from localaws.services.cloudwatch.alarms import Alarms
from localaws.services.cloudwatch.changes import Changes
from localaws.services.cloudwatch.dashboards import Dashboards
from localaws.services.cloudwatch.evaluator import Evaluator
from localaws.services.cloudwatch.metric_data import MetricData
from localaws.services.cloudwatch.store import MetricStore


class CloudWatchProvider(Provider):
    """Metrics, alarms and dashboards."""

    service_name = "cloudwatch"

    def __init__(self, context: Context) -> None:
        store = context.shared(MetricStore)
        table = AlarmTable()
        self._changes = Changes(context, table)
        self._evaluator = Evaluator(context, store, table, self._changes)
        super().__init__(
            context,
            MetricData(context, store),
            Alarms(context, table, self._changes, self._evaluator),
            Dashboards(context, table),
        )

    def close(self) -> None:
        """Stop evaluating, and drop the actions that are queued."""
        self._evaluator.close()
        self._changes.close()
