"""The rollout of a new model to an endpoint: followed, and aborted."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from landing_zone.core.aws import Clients, describe_endpoint
from landing_zone.core.errors import OperatorError

# lambdas/plan_deployment/rollout.py gives the alarms these names.
ALARM_INFIX = "-rollout-"
ABORT = f"{ALARM_INFIX}abort"
_UPDATING = "Updating"


class Rollout:
    """The rollout to one endpoint.

    Args:
        aws: makes the clients.
        endpoint: name of the endpoint.
        say: prints a line.
        sleep: waits some seconds.
    """

    def __init__(
        self,
        aws: Clients,
        endpoint: str,
        *,
        say: Callable[[str], None] = print,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._sagemaker = aws.client("sagemaker")
        self._cloudwatch = aws.client("cloudwatch")
        self._endpoint = endpoint
        self._say = say
        self._sleep = sleep

    def abort(self, reason: str) -> str:
        """Raise the alarm that takes the traffic back to the old instances.

        SageMaker refuses every other call while an endpoint is updated.

        Returns:
            The endpoint configuration of the old instances.

        Raises:
            OperatorError: nothing is being rolled out, or it cannot be aborted.
        """
        found = describe_endpoint(self._sagemaker, self._endpoint)
        pending = found.get("PendingDeploymentSummary", {}).get("EndpointConfigName", "")
        if found["EndpointStatus"] != _UPDATING:
            raise OperatorError(
                f"endpoint {self._endpoint} is {found['EndpointStatus']} with "
                f"{found.get('EndpointConfigName')}: no rollout is in progress that could be aborted"
            )
        alarm = f"{self._endpoint}{ABORT}"
        known = self._cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
        if not known:
            raise OperatorError(
                f"the rollout to {self._endpoint} was not started by the pipeline: the alarm {alarm} does "
                "not exist. Wait for its end: python deployment-scripts/status.py"
            )
        self._cloudwatch.set_alarm_state(
            AlarmName=alarm, StateValue="ALARM", StateReason=reason[:1023]
        )
        self._say(f"endpoint {self._endpoint} goes back from {pending or 'the new config'}")
        return str(found["EndpointConfigName"])

    def follow(self, seconds: float) -> dict[str, Any]:
        """Print each step until the endpoint changes no more.

        Args:
            seconds: the pause between two looks.

        Returns:
            The last answer of DescribeEndpoint.
        """
        last = ""
        while True:
            found = describe_endpoint(self._sagemaker, self._endpoint)
            step = rollout_step(found)
            if step != last:
                self._say(step)
                last = step
            if found["EndpointStatus"] != _UPDATING:
                return found
            self._sleep(seconds)


def rollout_step(found: dict[str, Any]) -> str:
    """One line about an endpoint: its status, and what its new variants wait for."""
    pending = found.get("PendingDeploymentSummary", {})
    variants = pending.get("ProductionVariants") or found.get("ProductionVariants", [])
    statuses: list[dict[str, Any]] = [
        v["VariantStatus"][0] for v in variants if v.get("VariantStatus")
    ]
    shown = statuses[0] if statuses else {}
    parts = [found["EndpointName"], found["EndpointStatus"]]
    if pending:
        parts.append(f"to {pending['EndpointConfigName']}")
    parts += [shown.get("Status", ""), shown.get("StatusMessage", "")]
    return "  ".join(part for part in parts if part)
