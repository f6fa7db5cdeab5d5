"""The metrics of rules in the namespace AWS/Events.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
"""

from __future__ import annotations

from typing import Final

from localaws.core.context import Context
from localaws.services.cloudwatch.store import MetricId, MetricStore

NAMESPACE: Final = "AWS/Events"


def count(context: Context, rule_arn: str, *names: str) -> None:
    """Count one of each of these metrics for a rule."""
    dimensions = {"RuleName": rule_arn.rsplit("/", 1)[-1]}
    values = [(MetricId.of(NAMESPACE, name, dimensions), 1.0, "Count") for name in names]
    context.shared(MetricStore).add_all(values, context.clock.now())
