"""Prints the settings in force, as shell exports or for a person: what env.sh calls."""

from __future__ import annotations

import argparse
import os
import shlex
import sys

from landing_zone.errors import OperatorError
from landing_zone.settings import DEPLOYMENT, OTHERS, load_settings
from landing_zone.terraform import find_terraform, terraform_environment


def exports() -> str:
    """Shell code that sets every variable, and unsets those that must not be set."""
    settings = load_settings(os.environ)
    made = {
        "SERVICE": settings.service,
        "BUILD_STAGE": settings.stage,
        **terraform_environment(settings, os.environ),
        "TERRAFORM": find_terraform(settings, os.environ),
    }
    return "\n".join(
        f"export {name}={shlex.quote(value)}" if value else f"unset {name}"
        for name, value in made.items()
    )


def table() -> str:
    """Every setting: value, where it comes from, meaning, what is allowed."""
    load_settings(os.environ)
    lines = []
    for setting in (*DEPLOYMENT, *OTHERS):
        value, _ = setting.read(os.environ)
        origin = "environment" if os.environ.get(setting.name) else "default"
        lines.append(f"{setting.name}={shlex.quote(value)}  ({origin})")
        lines.append(f"    {setting.help}" + (f"; allowed: {setting.says}" if setting.says else ""))
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exports", action="store_true", help="print shell code")
    args = parser.parse_args()
    try:
        print(exports() if args.exports else table())
    except OperatorError as error:
        print(f"env.sh: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
