"""Whether an endpoint can answer a request of this kind."""

from __future__ import annotations

from localaws.core.errors import AwsError
from localaws.services.sagemaker.endpoints import serverless
from localaws.services.sagemaker.endpoints.fleet import Lease
from localaws.services.sagemaker_runtime.errors import body_too_long, wrong_kind
from localaws.services.sagemaker_runtime.invocation import Invocation


def check_lease(lease: Lease, invocation: Invocation) -> None:
    """Refuse a request that does not suit the endpoint.

    Raises:
        AwsError: ValidationError.
    """
    plan = lease.fleet.plan
    if (plan.asynchronous is not None) != invocation.asynchronous:
        raise wrong_kind(invocation.endpoint)
    if plan.serverless is not None and len(invocation.body) > serverless.MAX_BODY_BYTES:
        raise body_too_long(len(invocation.body), serverless.MAX_BODY_BYTES)
    model = plan.models[lease.instance.variant]
    target, names = invocation.target_container, [part.name for part in model.containers]
    if model.direct and target not in names:
        raise AwsError(
            "ValidationError",
            f"Endpoint {invocation.endpoint} has containers that are invoked directly. "
            f"TargetContainerHostname is {target!r}, but must be one of {', '.join(names)}.",
        )
    if target is not None and not model.direct:
        raise AwsError(
            "ValidationError",
            f"TargetContainerHostname is {target!r}, but endpoint {invocation.endpoint} has no "
            "multi-container model with the inference execution mode Direct. Leave it out.",
        )
