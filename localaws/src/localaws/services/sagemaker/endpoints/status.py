"""The statuses of endpoints and variants (API reference, DescribeEndpoint and ProductionVariantStatus)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class EndpointStatus(StrEnum):
    """DescribeEndpoint's EndpointStatus."""

    CREATING = "Creating"
    IN_SERVICE = "InService"
    UPDATING = "Updating"
    ROLLING_BACK = "RollingBack"
    UPDATE_ROLLBACK_FAILED = "UpdateRollbackFailed"
    DELETING = "Deleting"
    FAILED = "Failed"


class VariantStatus(StrEnum):
    """The Status of a production variant while an endpoint changes."""

    CREATING = "Creating"
    UPDATING = "Updating"
    ACTIVATING_TRAFFIC = "ActivatingTraffic"
    BAKING = "Baking"
    DELETING = "Deleting"


CHANGING: Final = frozenset(
    {
        EndpointStatus.CREATING,
        EndpointStatus.UPDATING,
        EndpointStatus.ROLLING_BACK,
        EndpointStatus.DELETING,
    }
)

# An update whose new fleet fails ends as InService, with the old config. RollingBack is for a change of
# weights and capacities, UpdateRollbackFailed for a rolling update whose old instances did not start again.
TRANSITIONS: Final = {
    EndpointStatus.CREATING: frozenset({EndpointStatus.IN_SERVICE, EndpointStatus.FAILED}),
    EndpointStatus.IN_SERVICE: frozenset({EndpointStatus.UPDATING, EndpointStatus.DELETING}),
    EndpointStatus.UPDATING: frozenset(
        {
            EndpointStatus.IN_SERVICE,
            EndpointStatus.ROLLING_BACK,
            EndpointStatus.UPDATE_ROLLBACK_FAILED,
        }
    ),
    EndpointStatus.ROLLING_BACK: frozenset({EndpointStatus.IN_SERVICE}),
    EndpointStatus.UPDATE_ROLLBACK_FAILED: frozenset(
        {EndpointStatus.UPDATING, EndpointStatus.DELETING}
    ),
    EndpointStatus.FAILED: frozenset({EndpointStatus.DELETING}),
    EndpointStatus.DELETING: frozenset(),
}
