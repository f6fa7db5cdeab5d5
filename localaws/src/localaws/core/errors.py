"""The error that an operation raises, with AWS's own code and message."""

from __future__ import annotations

from typing import Any


class AwsError(Exception):
    """An error of an AWS API.

    Args:
        code: AWS's error code, for example ``PipelineNotFoundException``.
        message: AWS's sentence, which names what is wrong.
        status: HTTP status. Use 4xx, because SDKs retry a 5xx for minutes.
        fields: further members of the error's shape, for example ``OriginalStatusCode`` of ``ModelError``.
        shape: name of the error's shape where it is not the code. Services that began with the protocol
            query have both: the code ``InvalidParameterValue`` is that of ``InvalidParameterValueException``.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 400,
        fields: dict[str, Any] | None = None,
        shape: str | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields or {}
        self.shape = shape or code


def not_emulated(service: str, operation: str) -> AwsError:
    """The refusal of an operation that localaws does not emulate."""
    return AwsError(
        "NotImplementedException",
        f"localaws does not emulate {service}:{operation}. Its README lists what it runs.",
    )
