"""The connection to the Git provider: AWS creates it PENDING, and a person completes the handshake once."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import Settings

_WAIT_SECONDS = 900.0


def how_to_connect(settings: Settings, name: str, repository: str) -> str:
    """What a person has to do."""
    if settings.is_local:
        return f"on localaws: localaws connect {name} {repository}"
    return (
        f"https://{settings.region}.console.aws.amazon.com/codesuite/settings/connections: select {name}, "
        "then `Update pending connection`"
    )


def wait_until_available(
    api: Any,
    arn: str,
    how: str,
    *,
    seconds: float = _WAIT_SECONDS,
    interval: float = 5.0,
    say: Callable[[str], None] = print,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Wait for the handshake, after saying once how to do it."""
    deadline = now() + seconds
    said = False
    while (status := api.get_connection(ConnectionArn=arn)["Connection"]["ConnectionStatus"]) != (
        "AVAILABLE"
    ):
        if status == "ERROR":
            raise OperatorError(
                f"the connection {arn} has the status ERROR. Complete it again: {how}"
            )
        if not said:
            said = True
            say(f"the connection waits for its handshake with the Git provider. {how}")
        if now() >= deadline:
            raise OperatorError(
                f"the connection {arn} is still {status} after {seconds:.0f} s. The pipeline is deployed and "
                f"starts with the first push after the handshake: {how}"
            )
        sleep(interval)
