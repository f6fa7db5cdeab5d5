"""Timestamps in the answer of an API, as a state machine gets them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def epoch_milliseconds(value: Any) -> Any:
    """Timestamps of an optimized integration: milliseconds, as the Java client writes them."""
    return _map_dates(value, lambda date: round(date.timestamp() * 1000))


def iso_timestamps(value: Any) -> Any:
    """Timestamps of an aws-sdk integration: text in ISO 8601, UTC."""
    return _map_dates(value, iso)


def iso(date: datetime) -> str:
    """``2024-05-01T08:00:00Z``, with milliseconds unless they are zero."""
    utc = date.astimezone(UTC)
    milliseconds = utc.microsecond // 1000
    fraction = f".{milliseconds:03d}" if milliseconds else ""
    return f"{utc:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def _map_dates(value: Any, convert: Any) -> Any:
    if isinstance(value, datetime):
        return convert(value)
    if isinstance(value, dict):
        return {name: _map_dates(member, convert) for name, member in value.items()}
    if isinstance(value, list):
        return [_map_dates(member, convert) for member in value]
    return value
