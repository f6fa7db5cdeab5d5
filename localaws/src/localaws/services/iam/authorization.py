"""One authorization that a request needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from localaws.services.iam.principals import Principal


class Kind(Enum):
    """Where the knowledge comes from that a permission is needed."""

    API = "api"
    """The operation itself, by the Service Authorization Reference."""
    SERVICE = "service"
    """An operation that a service calls for the principal."""
    IMPLIED = "implied"
    """Something that AWS does besides, by its documentation."""


@dataclass(frozen=True)
class Authorization:
    """An action on a resource."""

    action: str
    resource: str = "*"
    context: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Condition keys of this action, besides those of every request."""
    kind: Kind = Kind.API
    source: str = ""
    """The page of AWS that says so, for what is implied."""
    alternative: str = ""
    """Another form of the same resource, by which a policy may name it too."""
    principal: Principal | None = None
    """Who needs it, where that is not the caller: the role of a job, or a service."""
    refuses: bool = True
    """Whether the request fails without it. Otherwise a denial is recorded, and what it is for is missing."""
