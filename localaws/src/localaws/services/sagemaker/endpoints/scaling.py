"""What UpdateEndpointWeightsAndCapacities changes in a running fleet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localaws.services.sagemaker import errors
from localaws.services.sagemaker.endpoints.fleet import Fleet


@dataclass(frozen=True)
class Change:
    """The variants that change, with their new weights and numbers of instances."""

    weights: Mapping[str, float]
    counts: Mapping[str, int]

    def additional_instances(self, fleet: Fleet, variant: Mapping[str, Any]) -> int:
        """How many instances of a variant the change starts; negative when it stops some."""
        name = variant["VariantName"]
        return self.counts.get(name, fleet.desired_counts[name]) - fleet.desired_counts[name]


def read_change(fleet: Fleet, wanted: Sequence[Mapping[str, Any]]) -> Change:
    """Check DesiredWeightsAndCapacities.

    Raises:
        AwsError: ValidationException.
    """
    weights: dict[str, float] = {}
    counts: dict[str, int] = {}
    for item in wanted:
        name = item["VariantName"]
        if name not in fleet.weights:
            raise errors.validation(
                f"Variant {name} is not one of the endpoint: {', '.join(fleet.weights)}."
            )
        if "ServerlessUpdateConfig" in item:
            if fleet.plan.serverless is None:
                raise errors.validation(
                    f"Variant {name} has instances, so it cannot have a ServerlessUpdateConfig."
                )
            raise errors.feature_not_emulated(
                "UpdateEndpointWeightsAndCapacities", "ServerlessUpdateConfig",
                item["ServerlessUpdateConfig"], "Update the endpoint to another endpoint config.",
            )  # fmt: skip
        if "DesiredWeight" in item:
            weights[name] = float(item["DesiredWeight"])
        if "DesiredInstanceCount" in item:
            if fleet.plan.serverless is not None:
                raise errors.validation(
                    f"Variant {name} is serverless, so it cannot have a DesiredInstanceCount."
                )
            counts[name] = item["DesiredInstanceCount"]
            if counts[name] < 1:
                raise errors.validation(
                    f"DesiredInstanceCount of variant {name} is {counts[name]}, but must be at least 1."
                )
    if len(counts) > 1:
        raise errors.validation(
            f"The capacity of one variant can change at a time; given are {', '.join(counts)}."
        )
    if not any((fleet.weights | weights).values()):
        raise errors.validation("At least one variant needs a weight greater than 0.")
    return Change(weights, counts)
