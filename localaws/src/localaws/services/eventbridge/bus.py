"""The event bus, for the services of localaws that publish events."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any


def publish(account_id: str, region: str, event: dict[str, Any]) -> str:
    """Put an event on the default bus and return its id. The source may begin with ``aws.``.

    Args:
        account_id: the account of the bus.
        region: the region of the bus.
        event: ``source``, ``detail-type`` and ``detail``; optionally ``resources``, ``time`` (text, UTC) and
            ``id``. The rest of the envelope is added.
    """
    complete = envelope(account_id, region, event)
    dispatch(account_id, region, complete, "default")
    return str(complete["id"])


def dispatch(account_id: str, region: str, event: dict[str, Any], bus_name: str) -> None:
    """Hand an event with a complete envelope to the rules of a bus."""
    from moto.events.models import events_backends

    events_backends[account_id][region].dispatch(event, bus_name)


def envelope(account_id: str, region: str, event: dict[str, Any]) -> dict[str, Any]:
    """An event with every field of the envelope, in the order that AWS uses."""
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
    """A time as events have it: ``2024-05-01T08:00:00Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
