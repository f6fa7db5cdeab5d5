"""Print the settings in force: value, origin, meaning, what is allowed.

    bash deployment-scripts/env.sh          prints every setting
    source deployment-scripts/env.sh        sets what Terraform needs: `terraform -chdir=infra ...` by hand

Every setting is an environment variable with a default.
"""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Iterable, Mapping

from landing_zone.core.settings import DEPLOYMENT, OTHERS, Setting, Settings
from landing_zone.stack.terraform import find_terraform, terraform_environment


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--exports", action="store_true", help="print shell code that sets them")


def run(args: argparse.Namespace, settings: Settings) -> int:
    print(exports(settings, os.environ) if args.exports else table(os.environ))
    return 0


def exports(settings: Settings, environ: Mapping[str, str]) -> str:
    """Shell code that sets every variable, and unsets those that must not be set."""
    variables = {
        "SERVICE": settings.service,
        "BUILD_STAGE": settings.stage,
        **terraform_environment(settings, environ),
        "TERRAFORM": find_terraform(settings, environ),
    }
    return "\n".join(
        f"export {name}={shlex.quote(value)}" if value else f"unset {name}"
        for name, value in variables.items()
    )


def table(environ: Mapping[str, str], settings: Iterable[Setting] = (*DEPLOYMENT, *OTHERS)) -> str:
    """Every setting: value, where it comes from, meaning, what is allowed."""
    lines = []
    for setting in settings:
        value, _ = setting.read(environ)
        origin = "environment" if environ.get(setting.name) else "default"
        lines.append(f"{setting.name}={shlex.quote(value)}  ({origin})")
        allowed = f"; allowed: {setting.allowed}" if setting.allowed else ""
        lines.append(f"    {setting.help}{allowed}")
    return "\n".join(lines)
