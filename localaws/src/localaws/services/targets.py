"""What EventBridge and its Scheduler call: a target, known by its ARN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")


class Addressed:
    """Something on its way to a target."""

    target: dict[str, Any]

    @property
    def arn(self) -> str:
        """The target's ARN."""
        return str(self.target["Arn"])

    @property
    def resource(self) -> str:
        """The part of the ARN after the account."""
        return self.arn.split(":", 5)[5]


def find_by_arn(kinds: Mapping[tuple[str, str], T], arn: str) -> T | None:
    """The entry for the service of an ARN and for what its resource begins with; None when there is none."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return None
    for (service, prefix), found in kinds.items():
        if parts[2] == service and parts[5].startswith(prefix):
            return found
    return None
