"""The CloudWatch alarms that roll an update of an endpoint back."""

from __future__ import annotations

from collections.abc import Sequence

from localaws.core.context import Context
from localaws.services.sagemaker import errors


class RollbackAlarms:
    """The alarms of an AutoRollbackConfiguration. CloudWatch is asked for their state."""

    def __init__(self, context: Context, names: Sequence[str]) -> None:
        self._context = context
        self._names = list(names)

    def require_existing(self) -> None:
        """Refuse alarms that do not exist.

        Raises:
            AwsError: ValidationException.
        """
        states = self._states()
        missing = [name for name in self._names if name not in states]
        if missing:
            raise errors.validation(
                f"The alarm(s) {', '.join(missing)} of AutoRollbackConfiguration do not exist in "
                f"{self._context.region}. Create them before the update."
            )

    def raised(self) -> list[str]:
        """The names of those that are in the state ALARM."""
        return [name for name, state in self._states().items() if state == "ALARM"]

    def _states(self) -> dict[str, str]:
        if not self._names:
            return {}
        answer = self._context.client("cloudwatch").describe_alarms(
            AlarmNames=self._names, AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        return {
            alarm["AlarmName"]: alarm["StateValue"]
            for alarm in (*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", []))
        }
