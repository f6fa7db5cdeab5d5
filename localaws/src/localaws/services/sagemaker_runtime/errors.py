"""The errors of the runtime service that several operations raise."""

from __future__ import annotations

from localaws.core.errors import AwsError


class EndpointNotFoundError(AwsError):
    """No endpoint of this name has traffic."""

    def __init__(self, endpoint: str, account: str) -> None:
        super().__init__("ValidationError", f"Endpoint {endpoint} of account {account} not found.")


def wrong_kind(endpoint: str) -> AwsError:
    """A real-time request to an asynchronous endpoint, or the reverse."""
    return AwsError("ValidationError", f"Endpoint {endpoint} does not support this inference type.")


def body_too_long(found: int, limit: int) -> AwsError:
    """The body of a request has too many bytes."""
    return AwsError(
        "ValidationError",
        "1 validation error detected: Value at 'body' failed to satisfy constraint: Member must have length "
        f"less than or equal to {limit}; it has {found}. Use a batch transform job for larger inputs.",
    )
