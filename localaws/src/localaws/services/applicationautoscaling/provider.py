"""Application Auto Scaling in one account and region."""

from __future__ import annotations

from localaws.core.context import Context
from localaws.core.provider import Provider
from localaws.services.applicationautoscaling.policies import Policies
from localaws.services.applicationautoscaling.records import Table
from localaws.services.applicationautoscaling.scalable_targets import ScalableTargets
from localaws.services.applicationautoscaling.scaling import Scaling
from localaws.services.applicationautoscaling.scheduled_actions import ScheduledActions
from localaws.services.cloudwatch.actions import ScalingPolicies
from localaws.services.scheduler.ticker import Ticker


class AutoScalingProvider(Provider):
    """Scalable targets, policies and scheduled actions."""

    service_name = "application-autoscaling"

    def __init__(self, context: Context) -> None:
        table = Table()
        self._scaling = Scaling(context, table)
        self._ticker = Ticker(context.clock, "scheduled-actions")
        context.shared(ScalingPolicies).serve(self._scaling.run_policy)
        super().__init__(
            context,
            ScalableTargets(
                context,
                table,
                self._scaling,
                lambda resource, name: self._ticker.remove((resource, name)),
            ),
            Policies(context, table),
            ScheduledActions(context, table, self._scaling, self._ticker),
        )

    def close(self) -> None:
        """Scale nothing any more."""
        self._ticker.close()
        self._scaling.close()
