"""The AsyncInferenceConfig of an endpoint config, and what its endpoint has to do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from localaws.services.sagemaker import errors

# AWS chooses a number when MaxConcurrentInvocationsPerInstance is left out, and does not say which.
_DEFAULT_CONCURRENCY = 4


@dataclass(frozen=True)
class AsyncSettings:
    """Where the answers go, and who is told."""

    output_path: str
    failure_path: str | None = None
    kms_key: str | None = None
    success_topic: str | None = None
    error_topic: str | None = None
    included: frozenset[str] = frozenset()
    """Which notifications include the answer: SUCCESS_NOTIFICATION_TOPIC, ERROR_NOTIFICATION_TOPIC."""
    concurrency: int = _DEFAULT_CONCURRENCY
    """Requests in progress for each instance."""

    @classmethod
    def read(cls, config: Mapping[str, Any] | None) -> Self | None:
        """The settings that an AsyncInferenceConfig describes.

        Raises:
            AwsError: ValidationException.
        """
        if not config:
            return None
        output = config["OutputConfig"]
        for member in ("S3OutputPath", "S3FailurePath"):
            path = output.get(member)
            if path is not None and not path.startswith("s3://"):
                raise errors.validation(
                    f"AsyncInferenceConfig.OutputConfig.{member} is {path!r}, but must be an S3 URI."
                )
        if "S3OutputPath" not in output:
            raise errors.feature_not_emulated(
                "CreateEndpointConfig",
                "AsyncInferenceConfig.OutputConfig",
                output,
                "Give S3OutputPath.",
            )
        topics = output.get("NotificationConfig", {})
        concurrency = config.get("ClientConfig", {}).get("MaxConcurrentInvocationsPerInstance")
        return cls(
            output["S3OutputPath"],
            output.get("S3FailurePath"),
            output.get("KmsKeyId") or None,
            topics.get("SuccessTopic"),
            topics.get("ErrorTopic"),
            frozenset(topics.get("IncludeInferenceResponseIn", [])),
            concurrency or _DEFAULT_CONCURRENCY,
        )


@dataclass(frozen=True)
class Backlog:
    """The requests of an asynchronous endpoint that have no answer."""

    size: int
    oldest_seconds: float
    """How long the oldest of them waits, in emulated time."""


class Backlogs:
    """The backlogs by endpoint name. The runtime service fills them, and the metrics read them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: dict[str, Callable[[], Backlog]] = {}

    def register(self, endpoint: str, read: Callable[[], Backlog]) -> None:
        """Take the backlog of an endpoint from ``read``."""
        with self._lock:
            self._read[endpoint] = read

    def of(self, endpoint: str) -> Backlog:
        """The backlog of an endpoint."""
        with self._lock:
            read = self._read.get(endpoint)
        return read() if read else Backlog(0, 0.0)
