"""The command line that does the same as a page or a button."""

from __future__ import annotations

import shlex

from landing_zone.core.settings import Settings

_PROGRAM = "python deployment-scripts/"


def command(script: str, *arguments: str, **variables: str) -> str:
    """A line for a shell: variables, the script, its arguments."""
    before = [f"{name}={shlex.quote(value)}" for name, value in variables.items() if value]
    return " ".join([*before, f"{_PROGRAM}{script}", *map(shlex.quote, arguments)])


def target_variables(settings: Settings) -> dict[str, str]:
    """What a terminal needs so that the commands mean the same deployment."""
    chosen = {
        "SERVICE": settings.service,
        "BUILD_STAGE": settings.stage,
        "AWS_REGION": settings.region,
        "AWS_ENDPOINT_URL": settings.endpoint_url,
    }
    return {name: value for name, value in chosen.items() if value}
