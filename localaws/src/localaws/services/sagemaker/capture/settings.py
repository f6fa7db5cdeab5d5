"""The DataCaptureConfig of an endpoint config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from localaws.services.sagemaker import errors


class Encoding(StrEnum):
    """How the file of a captured request holds a body."""

    CSV = "CSV"
    JSON = "JSON"
    BASE64 = "BASE64"


@dataclass(frozen=True)
class CaptureSettings:
    """What an endpoint captures, and where to."""

    destination: str
    """URI of the prefix in S3."""
    percentage: int = 100
    """The part of the requests that is captured, from 0 to 100."""
    enabled: bool = False
    input: bool = True
    output: bool = True
    kms_key: str | None = None
    csv_types: frozenset[str] = frozenset()
    json_types: frozenset[str] = frozenset()

    @classmethod
    def read(cls, config: Mapping[str, Any] | None) -> Self | None:
        """The settings that a DataCaptureConfig describes.

        Raises:
            AwsError: ValidationException.
        """
        if not config:
            return None
        if not config["DestinationS3Uri"].startswith("s3://"):
            raise errors.validation(
                f"DestinationS3Uri of DataCaptureConfig is {config['DestinationS3Uri']!r}, but must be an "
                "S3 URI: s3://bucket/prefix."
            )
        modes = {option["CaptureMode"] for option in config["CaptureOptions"]}
        both = "InputAndOutput" in modes
        headers = config.get("CaptureContentTypeHeader", {})
        return cls(
            config["DestinationS3Uri"],
            config["InitialSamplingPercentage"],
            config.get("EnableCapture", False),
            both or "Input" in modes,
            both or "Output" in modes,
            config.get("KmsKeyId") or None,
            _media_types(headers.get("CsvContentTypes", [])),
            _media_types(headers.get("JsonContentTypes", [])),
        )

    def encoding(self, content_type: str | None) -> Encoding:
        """How a body of this content type is written. Without a rule for it, it is BASE64."""
        media_type = _media_type(content_type or "")
        if media_type in self.csv_types:
            return Encoding.CSV
        return Encoding.JSON if media_type in self.json_types else Encoding.BASE64

    def summary(self) -> dict[str, Any]:
        """The DataCaptureConfigSummary of DescribeEndpoint."""
        return {
            "EnableCapture": self.enabled,
            "CaptureStatus": "Started" if self.enabled else "Stopped",
            "CurrentSamplingPercentage": self.percentage,
            "DestinationS3Uri": self.destination,
            "KmsKeyId": self.kms_key or "",
        }


def _media_types(content_types: list[str]) -> frozenset[str]:
    return frozenset(map(_media_type, content_types))


def _media_type(content_type: str) -> str:
    """The content type without its parameters."""
    return content_type.partition(";")[0].strip().lower()
