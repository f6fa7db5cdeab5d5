"""The way into EventBridge for the services of localaws."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any


def publish(account_id: str, region: str, event: dict[str, Any]) -> str:
    """Put an event on the default bus; returns its id. ``source`` may be ``aws.*``.

    Args:
        account_id: account of the bus.
        region: region of the bus.
        event: ``source``, ``detail-type`` and ``detail``; ``resources``, ``time`` (text, UTC) and ``id``
            if there are any. The rest of the envelope is added here.
    """
    from moto.events.models import events_backends

    complete = envelope(account_id, region, event)
    events_backends[account_id][region].dispatch(complete, "default")
    return str(complete["id"])


def envelope(account_id: str, region: str, event: dict[str, Any]) -> dict[str, Any]:
    """An event with all fields of the envelope, in AWS's order."""
    return {
        "version": "0",
        "id": event.get("id") or str(uuid.uuid4()),
        "detail-type": event["detail-type"],
        "source": event["source"],
        "account": account_id,
        "time": event.get("time") or timestamp(datetime.now(UTC)),
        "region": region,
        "resources": list(event.get("resources") or []),
        "detail": event["detail"],
    }


def timestamp(moment: datetime) -> str:
    """``2024-05-01T08:00:00Z``, as events have it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
