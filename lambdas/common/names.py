"""The names and the tags of endpoints."""

from __future__ import annotations

DEV, PROD = "dev", "prod"
TARGETS = (DEV, PROD)
# The tags that an endpoint keeps; those of a version belong to its configuration.
ENDPOINT_TAGS = ("UseCase", "Environment", "Target")
_ENDINGS = {DEV: "-dev", PROD: ""}


def endpoint_name(prefix: str, use_case: str, target: str) -> str:
    """The endpoint of a use case; raise KeyError for a target that does not exist."""
    return f"{prefix}-{use_case}{_ENDINGS[target]}"
