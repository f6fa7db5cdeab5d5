"""What UpdateEndpoint refuses, and what it takes over from the old fleet."""

from __future__ import annotations

from collections.abc import Sequence

from localaws.services.sagemaker import errors
from localaws.services.sagemaker.endpoints.deployment import DeploymentPolicy, Kind
from localaws.services.sagemaker.endpoints.fleet import Fleet
from localaws.services.sagemaker.endpoints.record import EndpointRecord


def check_update(endpoint: EndpointRecord, fleet: Fleet, policy: DeploymentPolicy) -> None:
    """Check that a fleet can replace that of an endpoint.

    Raises:
        AwsError: ValidationException.
    """
    old = endpoint.fleet
    if old is not None:
        _check_kinds(endpoint, old, fleet)
    if policy.kind is not Kind.ALL_AT_ONCE:
        _check_steps(old, fleet, policy)
    policy.check_capacity(fleet.desired_counts)


def retain_properties(old: Fleet, new: Fleet, excluded: Sequence[str]) -> None:
    """Take over what UpdateEndpointWeightsAndCapacities has changed, and the data capture."""
    if "DataCaptureConfig" not in excluded:
        new.retain_capture(old)
    for name in new.weights.keys() & old.weights.keys():
        if "DesiredWeight" not in excluded:
            new.weights[name] = new.desired_weights[name] = old.weights[name]
        if "DesiredInstanceCount" not in excluded and old.plan.serverless is None:
            new.desired_counts[name] = old.desired_counts[name]


def _check_kinds(endpoint: EndpointRecord, old: Fleet, new: Fleet) -> None:
    if new.plan.serverless is not None and old.plan.serverless is None:
        raise errors.validation(
            f'Cannot update endpoint "{endpoint.arn}": an endpoint with instances cannot become serverless. '
            "Create another endpoint."
        )
    if (new.plan.asynchronous is None) != (old.plan.asynchronous is None):
        raise errors.validation(
            f'Cannot update endpoint "{endpoint.arn}": an endpoint stays asynchronous or real-time. Create '
            "another endpoint."
        )


def _check_steps(old: Fleet | None, new: Fleet, policy: DeploymentPolicy) -> None:
    """While traffic is split, a request for a variant may reach either fleet."""
    names = set(old.weights) if old else set()
    if names != set(new.weights):
        raise errors.validation(
            f"The variants of the endpoint are {', '.join(sorted(names))}; those of {new.config_name} are "
            f"{', '.join(sorted(new.weights))}. A deployment that shifts traffic in steps needs the same "
            "names. Rename them, or use ALL_AT_ONCE."
        )
    if new.plan.serverless is not None:
        raise errors.validation(
            f"A serverless endpoint can only be updated ALL_AT_ONCE; the deployment is {policy.kind}."
        )
    if policy.kind is Kind.ROLLING and new.shadows:
        raise errors.validation(
            f"RollingUpdatePolicy is for endpoints with one production variant; {new.config_name} also has "
            "the shadow variant " + ", ".join(new.shadows) + ". Use BlueGreenUpdatePolicy."
        )
