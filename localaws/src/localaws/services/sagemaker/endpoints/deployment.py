"""The deployment guardrails of UpdateEndpoint: in which steps the traffic moves, and what takes it back.

Developer guide: deployment-guardrails-blue-green, deployment-guardrails-rolling; API reference:
DeploymentConfig.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from localaws.services.sagemaker import errors

# API reference, MaximumExecutionTimeoutInSeconds: the largest value, which is also what applies without one.
_LONGEST_SECONDS: Final = 28_800


class Kind(StrEnum):
    """How an update moves the traffic."""

    ALL_AT_ONCE = "ALL_AT_ONCE"
    CANARY = "CANARY"
    LINEAR = "LINEAR"
    ROLLING = "ROLLING"


_MEMBERS: Final = {
    Kind.CANARY: "CanarySize",
    Kind.LINEAR: "LinearStepSize",
    Kind.ROLLING: "MaximumBatchSize",
}
# The allowed sizes, in percent of the instances of a variant.
_PERCENT: Final = {Kind.CANARY: (1, 50), Kind.LINEAR: (10, 50), Kind.ROLLING: (5, 50)}


@dataclass(frozen=True)
class CapacitySize:
    """A number of instances, or a percentage of them."""

    type: str
    value: int

    def instances(self, total: int) -> int:
        """How many of ``total`` instances it is, at least one: 33 percent of 3 is 1."""
        if self.type == "INSTANCE_COUNT":
            return min(self.value, total)
        return max(1, min(total, math.ceil(total * self.value / 100)))


@dataclass(frozen=True)
class Step:
    """A part of the new fleet gets traffic, and the update waits."""

    instances: Mapping[str, int]
    """The number of instances of each variant that represent the traffic of the new fleet."""
    share: float
    """The part of all requests that the new fleet gets, from 0 to 1."""
    wait_seconds: int
    message: str
    """The StatusMessage of the variants while the update waits."""


@dataclass(frozen=True)
class DeploymentPolicy:
    """A DeploymentConfig, checked."""

    kind: Kind = Kind.ALL_AT_ONCE
    size: CapacitySize | None = None
    wait_seconds: int = 0
    termination_wait_seconds: int = 0
    maximum_seconds: int = _LONGEST_SECONDS
    rollback_size: CapacitySize | None = None
    alarms: tuple[str, ...] = ()

    def check_capacity(self, instances: Mapping[str, int]) -> None:
        """Refuse a size that is out of bounds for the new fleet.

        Args:
            instances: the number of instances of each variant.

        Raises:
            AwsError: ValidationException.
        """
        if self.size is None:
            return
        if self.kind is Kind.ROLLING and len(instances) > 1:
            raise errors.validation(
                f"RollingUpdatePolicy is for endpoints with one production variant; the endpoint config has "
                f"{len(instances)}: {', '.join(instances)}. Use BlueGreenUpdatePolicy."
            )
        lowest, highest = _PERCENT[self.kind]
        for variant, total in instances.items():
            part = self.size.instances(total)
            if part == total:
                raise errors.validation(
                    f"{_MEMBERS[self.kind]} is {part} of the {total} instance(s) of variant {variant}, so "
                    "there is no step between none and all. Use more instances, or ALL_AT_ONCE."
                )
            if self.size.type == "INSTANCE_COUNT" and not lowest <= 100 * part / total <= highest:
                raise errors.validation(
                    f"{_MEMBERS[self.kind]} is {part} of the {total} instance(s) of variant {variant}, but "
                    f"must be from {lowest} to {highest} percent of them."
                )

    def steps(self, instances: Mapping[str, int]) -> list[Step]:
        """How the traffic moves to a new fleet.

        Args:
            instances: the number of instances of each variant of the new fleet.
        """
        total = sum(instances.values())
        if self.size is None:
            return [self._last(instances, total)]
        sizes = {name: self.size.instances(count) for name, count in instances.items()}
        if self.kind is Kind.CANARY:
            return [self._step(sizes, total), self._last(instances, total)]
        found = []
        for number in range(1, total + 1):
            active = {n: min(count, number * sizes[n]) for n, count in instances.items()}
            if active == dict(instances):
                break
            found.append(self._step(active, total))
        return [*found, self._last(instances, total)]

    def _step(self, active: Mapping[str, int], total: int) -> Step:
        count = sum(active.values())
        part = "canary capacity" if self.kind is Kind.CANARY else "capacity"
        return Step(
            active,
            count / total,
            self.wait_seconds,
            f"Baking for {self.wait_seconds} seconds (WaitIntervalInSeconds) with traffic enabled on {part} "
            f"of {count} instance(s).",
        )

    def _last(self, instances: Mapping[str, int], total: int) -> Step:
        if self.kind is Kind.ROLLING:
            # The old instances of the last batch stop after its wait.
            return self._step(instances, total)
        return Step(
            instances,
            1.0,
            self.termination_wait_seconds,
            f"Baking for {self.termination_wait_seconds} seconds (TerminationWaitInSeconds) with traffic "
            f"enabled on full capacity of {total} instance(s).",
        )


def read_policy(deployment: Mapping[str, Any] | None) -> DeploymentPolicy:
    """The policy that a DeploymentConfig describes.

    Raises:
        AwsError: ValidationException.
    """
    if not deployment:
        return DeploymentPolicy()
    alarms = tuple(
        alarm["AlarmName"]
        for alarm in deployment.get("AutoRollbackConfiguration", {}).get("Alarms", [])
        if "AlarmName" in alarm
    )
    blue_green = deployment.get("BlueGreenUpdatePolicy")
    rolling = deployment.get("RollingUpdatePolicy")
    if blue_green and rolling:
        raise errors.validation(
            "DeploymentConfig has both BlueGreenUpdatePolicy and RollingUpdatePolicy. Give one."
        )
    policy = _rolling(rolling, alarms) if rolling else _blue_green(blue_green or {}, alarms)
    waits = policy.wait_seconds + policy.termination_wait_seconds
    if policy.maximum_seconds <= waits:
        raise errors.validation(
            f"MaximumExecutionTimeoutInSeconds is {policy.maximum_seconds}, but must be greater than the "
            f"waits of the deployment, {waits} seconds."
        )
    return policy


def _blue_green(policy: Mapping[str, Any], alarms: tuple[str, ...]) -> DeploymentPolicy:
    routing = policy.get("TrafficRoutingConfiguration", {})
    kind = Kind(routing.get("Type", Kind.ALL_AT_ONCE))
    for other, member in _MEMBERS.items():
        if member in routing and other is not kind:
            raise errors.validation(
                f"TrafficRoutingConfiguration has {member}, which belongs to the type {other}; its type is "
                f"{kind}."
            )
    return DeploymentPolicy(
        kind,
        None if kind is Kind.ALL_AT_ONCE else _size(kind, routing),
        routing.get("WaitIntervalInSeconds", 0),
        policy.get("TerminationWaitInSeconds", 0),
        policy.get("MaximumExecutionTimeoutInSeconds", _LONGEST_SECONDS),
        alarms=alarms,
    )


def _rolling(policy: Mapping[str, Any], alarms: tuple[str, ...]) -> DeploymentPolicy:
    rollback = policy.get("RollbackMaximumBatchSize")
    return DeploymentPolicy(
        Kind.ROLLING,
        _size(Kind.ROLLING, policy),
        policy["WaitIntervalInSeconds"],
        maximum_seconds=policy.get("MaximumExecutionTimeoutInSeconds", _LONGEST_SECONDS),
        rollback_size=CapacitySize(rollback["Type"], rollback["Value"]) if rollback else None,
        alarms=alarms,
    )


def _size(kind: Kind, holder: Mapping[str, Any]) -> CapacitySize:
    member = _MEMBERS[kind]
    size = holder.get(member)
    if size is None:
        raise errors.validation(f"A deployment of type {kind} needs {member}.")
    lowest, highest = _PERCENT[kind]
    if size["Type"] == "CAPACITY_PERCENT" and not lowest <= size["Value"] <= highest:
        raise errors.validation(
            f"{member} is {size['Value']} percent, but must be from {lowest} to {highest} percent."
        )
    return CapacitySize(size["Type"], size["Value"])
