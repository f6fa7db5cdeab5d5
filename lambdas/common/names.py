"""The names of endpoints."""

from __future__ import annotations

DEV, PROD = "dev", "prod"
TARGETS = (DEV, PROD)
_ENDINGS = {DEV: "-dev", PROD: ""}


def endpoint_name(prefix: str, use_case: str, target: str) -> str:
    """The endpoint of a use case; raise KeyError for a target that does not exist."""
    return f"{prefix}-{use_case}{_ENDINGS[target]}"
