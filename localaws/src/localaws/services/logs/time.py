"""What CloudWatch Logs takes for now.

PutLogEvents rejects events that lie more than two hours in the future. Jobs and functions date their lines by
the clock of localaws, which a time scale lets run ahead of the machine's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from localaws.core.context import ACCOUNT_ID, ContextFactory


def utcnow(context_factory: ContextFactory) -> Callable[[], datetime]:
    """Replaces moto's ``utcnow``, which returns a datetime without a time zone."""
    # All regions share one clock.
    clock = context_factory(ACCOUNT_ID, "us-east-1", "logs").clock
    return lambda: clock.now().astimezone(UTC).replace(tzinfo=None)
