"""Scalable targets, policies, scheduled actions and activities."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from localaws.core.errors import AwsError

NAMESPACE: Final = "sagemaker"
DIMENSION: Final = "sagemaker:variant:DesiredInstanceCount"
MAX_ACTIVITIES: Final = 1_000
_RESOURCE: Final = re.compile(r"endpoint/(?P<endpoint>[^/]+)/variant/(?P<variant>[^/]+)")


@dataclass
class Policy:
    """A scaling policy."""

    name: str
    arn: str
    kind: str
    settings: dict[str, Any]
    created: datetime
    alarms: list[dict[str, str]] = field(default_factory=list)
    """AlarmName and AlarmARN of each alarm that the policy owns."""


@dataclass
class Action:
    """A scheduled action."""

    name: str
    arn: str
    settings: dict[str, Any]
    created: datetime


@dataclass
class Scaled:
    """The latest scaling activity in one direction, for its cooldown."""

    at: float
    """Emulated monotonic time."""
    base: int
    """The capacity before it."""


@dataclass
class ScalableTarget:
    """A variant of an endpoint, and the bounds of its number of instances."""

    resource: str
    arn: str
    minimum: int
    maximum: int
    role_arn: str
    created: datetime
    suspended: dict[str, bool] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    actions: dict[str, Action] = field(default_factory=dict)
    scaled_out: Scaled | None = None
    scaled_in: Scaled | None = None

    @property
    def endpoint(self) -> str:
        """Name of the endpoint."""
        return self.resource.split("/")[1]

    @property
    def variant(self) -> str:
        """Name of the variant."""
        return self.resource.split("/")[3]


class Table:
    """The scalable targets and the activities of an account and region."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.targets: dict[str, ScalableTarget] = {}
        self.activities: deque[dict[str, Any]] = deque(maxlen=MAX_ACTIVITIES)

    def target(self, params: Mapping[str, Any], noun: str = "scalable target") -> ScalableTarget:
        """The scalable target that a request names.

        Raises:
            AwsError: ObjectNotFoundException, or ValidationException.
        """
        resource = resource_of(params)
        found = self.targets.get(resource)
        if found is None:
            raise AwsError(
                "ObjectNotFoundException",
                f"No {noun} found for service namespace: {NAMESPACE}, resource ID: {resource}, scalable "
                f"dimension: {DIMENSION}",
            )
        return found


def check_namespace(params: Mapping[str, Any]) -> None:
    """Refuse what localaws does not scale.

    Raises:
        AwsError: ValidationException.
    """
    namespace = params["ServiceNamespace"]
    dimension = params.get("ScalableDimension", DIMENSION)
    if namespace != NAMESPACE or dimension != DIMENSION:
        raise validation(
            f"localaws does not scale {namespace} ({dimension}). It scales {NAMESPACE} ({DIMENSION})."
        )


def resource_of(params: Mapping[str, Any]) -> str:
    """The resource id of a request, checked.

    Raises:
        AwsError: ValidationException.
    """
    check_namespace(params)
    resource = str(params["ResourceId"])
    if not _RESOURCE.fullmatch(resource):
        raise validation(
            f"ResourceId is {resource!r}, but must have the form endpoint/my-endpoint/variant/my-variant."
        )
    return resource


def validation(message: str) -> AwsError:
    """ValidationException."""
    return AwsError("ValidationException", message)


def invalid_token(token: str) -> AwsError:
    """InvalidNextTokenException."""
    return AwsError("InvalidNextTokenException", f"NextToken {token!r} is not from this listing.")
