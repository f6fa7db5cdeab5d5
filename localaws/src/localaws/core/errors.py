"""The error every operation raises to answer with AWS's own error code and message."""

from __future__ import annotations

from typing import Any


class AwsError(Exception):
    """An error answer of an AWS API.

    Args:
        code: AWS's error code, e.g. ``PipelineNotFoundException``.
        message: AWS's sentence, naming the thing that is wrong.
        status: HTTP status. Keep to 4xx: SDKs retry a 5xx for minutes.
        fields: further members of the error shape, e.g. ``OriginalStatusCode`` of ``ModelError``.
    """

    def __init__(
        self, code: str, message: str, status: int = 400, fields: dict[str, Any] | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields or {}


def not_emulated(service: str, operation: str) -> AwsError:
    """The refusal of an operation that localaws does not run: a made-up success would be worse."""
    return AwsError(
        "NotImplementedException",
        f"localaws does not emulate {service}:{operation}. its README lists what it runs.",
    )
