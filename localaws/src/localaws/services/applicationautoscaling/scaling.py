"""Changes the number of instances of a variant, and runs policies when their alarms say so."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from localaws.core.context import Context
from localaws.services.applicationautoscaling import alarms
from localaws.services.applicationautoscaling.calculation import (
    DEFAULT_COOLDOWN,
    stepped_capacity,
    tracked_capacity,
)
from localaws.services.applicationautoscaling.records import (
    DIMENSION,
    NAMESPACE,
    Policy,
    ScalableTarget,
    Scaled,
    Table,
    validation,
)

_log = logging.getLogger(__name__)
# Real seconds: how often an update of an endpoint is looked at, and for how long.
_POLL_SECONDS: Final = 0.2
_LONGEST_SECONDS: Final = 600.0


class Scaling:
    """The engine of an account and region."""

    def __init__(self, context: Context, table: Table) -> None:
        self._context = context
        self._table = table
        self._stopping = threading.Event()
        self._workers = ThreadPoolExecutor(4, thread_name_prefix="autoscaling")

    def close(self) -> None:
        """Start nothing any more."""
        self._stopping.set()
        self._workers.shutdown(wait=False, cancel_futures=True)

    def require_variant(self, target_resource: str) -> None:
        """Refuse a variant that does not exist.

        Raises:
            AwsError: ValidationException.
        """
        _, endpoint, _, variant = target_resource.split("/")
        try:
            self._variant(endpoint, variant)
        except (ClientError, LookupError) as error:
            raise validation(
                f"SageMaker endpoint and variant does not exist: {target_resource}"
            ) from error

    def keep_within_bounds(self, target: ScalableTarget, cause: str) -> None:
        """Scale in the background when the capacity is outside of the target's bounds."""
        self._submit(self._keep_within_bounds, target, cause)

    def run_policy(self, policy_arn: str, alarm: dict[str, Any]) -> None:
        """Run the policy of an ARN because of an alarm, in the background.

        Raises:
            LookupError: there is no such policy.
        """
        with self._table.lock:
            for target in self._table.targets.values():
                for policy in target.policies.values():
                    if policy.arn == policy_arn:
                        self._submit(self._run_policy, target, policy, alarm)
                        return
        raise LookupError(f"the scaling policy {policy_arn} does not exist")

    def _submit(self, function: Any, *arguments: Any) -> None:
        if not self._stopping.is_set():
            self._workers.submit(self._guarded, function, *arguments)

    def _guarded(self, function: Any, *arguments: Any) -> None:
        try:
            function(*arguments)
        except Exception:
            if not self._stopping.is_set():
                _log.exception("a scaling activity was not finished")

    def _keep_within_bounds(self, target: ScalableTarget, cause: str) -> None:
        current = self._capacity(target)
        if current is None:
            return
        wanted = max(target.minimum, min(current, target.maximum))
        if wanted != current:
            self._scale(target, current, wanted, cause)

    def _run_policy(self, target: ScalableTarget, policy: Policy, alarm: dict[str, Any]) -> None:
        value = alarms.current_value(self._context, alarm)
        current = self._capacity(target)
        if value is None or current is None:
            return
        with self._table.lock:
            wanted = self._wanted(target, policy, alarm, value, current)
        if wanted is None:
            return
        wanted = max(target.minimum, min(wanted, target.maximum))
        if wanted != current:
            cause = (
                f"monitor alarm {alarm['AlarmName']} in state {alarm['StateValue']} triggered policy "
                f"{policy.name}"
            )
            self._scale(target, current, wanted, cause)

    def _wanted(
        self,
        target: ScalableTarget,
        policy: Policy,
        alarm: dict[str, Any],
        value: float,
        current: int,
    ) -> int | None:
        """The capacity that a policy asks for; None while a cooldown or a suspension forbids it."""
        settings = policy.settings
        if policy.kind == "StepScaling":
            wanted = stepped_capacity(settings, current, value, alarm["Threshold"])
            if wanted is None:
                return None
            cooldowns = (settings.get("Cooldown", DEFAULT_COOLDOWN),) * 2
        else:
            cooldowns = (
                settings.get("ScaleOutCooldown", DEFAULT_COOLDOWN),
                settings.get("ScaleInCooldown", DEFAULT_COOLDOWN),
            )
            # While the latest scale-out takes effect, the metric still shows the load per instance before it.
            base = current
            if target.scaled_out and self._is_cooling(target.scaled_out, cooldowns[0]):
                base = target.scaled_out.base
            wanted = tracked_capacity(base, value, settings["TargetValue"])
            is_high = alarm["ComparisonOperator"].startswith("Greater")
            if is_high is (wanted <= current):
                return None
        if wanted > current:
            suspended = target.suspended.get("DynamicScalingOutSuspended")
            cooling = policy.kind == "StepScaling" and self._is_cooling(
                target.scaled_out, cooldowns[0]
            )
        else:
            suspended = target.suspended.get("DynamicScalingInSuspended")
            cooling = self._is_cooling(target.scaled_in, cooldowns[1]) or self._is_cooling(
                target.scaled_out, cooldowns[0]
            )
        return None if suspended or cooling else wanted

    def _is_cooling(self, scaled: Scaled | None, seconds: float) -> bool:
        return scaled is not None and self._context.clock.monotonic() - scaled.at < seconds

    def _variant(self, endpoint: str, variant: str) -> tuple[str, dict[str, Any]]:
        described = self._context.client("sagemaker").describe_endpoint(EndpointName=endpoint)
        for found in described.get("ProductionVariants", []):
            if found["VariantName"] == variant:
                return described["EndpointStatus"], found
        raise LookupError(variant)

    def _capacity(self, target: ScalableTarget) -> int | None:
        """The desired number of instances; None while the endpoint cannot be scaled."""
        try:
            status, variant = self._variant(target.endpoint, target.variant)
        except (ClientError, LookupError):
            return None
        if status != "InService":
            return None
        return int(variant.get("DesiredInstanceCount", variant["CurrentInstanceCount"]))

    def _scale(self, target: ScalableTarget, current: int, wanted: int, cause: str) -> None:
        clock = self._context.clock
        activity = {
            "ActivityId": str(uuid.uuid4()),
            "ServiceNamespace": NAMESPACE,
            "ResourceId": target.resource,
            "ScalableDimension": DIMENSION,
            "Description": f"Setting desired instance count to {wanted}.",
            "Cause": cause,
            "StartTime": clock.now(),
            "StatusCode": "InProgress",
            "StatusMessage": f"Successfully set desired instance count to {wanted}. Waiting for change to be "
            "fulfilled by sagemaker.",
        }
        try:
            self._context.client("sagemaker").update_endpoint_weights_and_capacities(
                EndpointName=target.endpoint,
                DesiredWeightsAndCapacities=[
                    {"VariantName": target.variant, "DesiredInstanceCount": wanted}
                ],
            )
        except (ClientError, BotoCoreError) as error:
            activity |= {
                "StatusCode": "Failed",
                "StatusMessage": f"Failed to set desired instance count to {wanted}. Reason: {error}",
                "EndTime": clock.now(),
            }
            _log.warning("%s was not scaled to %d: %s", target.resource, wanted, error)
            with self._table.lock:
                self._table.activities.append(activity)
            return
        with self._table.lock:
            scaled = Scaled(clock.monotonic(), current)
            if wanted > current:
                target.scaled_out = scaled
            else:
                target.scaled_in = scaled
            self._table.activities.append(activity)
        self._await(target, wanted, activity)

    def _await(self, target: ScalableTarget, wanted: int, activity: dict[str, Any]) -> None:
        deadline = time.monotonic() + _LONGEST_SECONDS
        code, message = "Unfulfilled", "The endpoint was not updated in time."
        while time.monotonic() < deadline and not self._stopping.wait(_POLL_SECONDS):
            try:
                status, variant = self._variant(target.endpoint, target.variant)
            except (ClientError, LookupError) as error:
                code, message = "Failed", str(error)
                break
            if status == "InService":
                reached = variant["CurrentInstanceCount"] == wanted
                code = "Successful" if reached else "Unfulfilled"
                verb = "successfully fulfilled" if reached else "not fulfilled"
                message = f"Successfully set desired instance count to {wanted}. Change {verb} by sagemaker."
                break
        with self._table.lock:
            activity |= {
                "StatusCode": code,
                "StatusMessage": message,
                "EndTime": self._context.clock.now(),
            }
