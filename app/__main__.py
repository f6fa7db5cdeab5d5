"""Start the sentiment app on this machine, as `make app` does.

    PYTHONPATH=.:workflow:deployment-scripts .venv/bin/python -m app            the localaws of this checkout
    PYTHONPATH=.:workflow:deployment-scripts .venv/bin/python -m app --aws      what the environment names

Without --aws the app uses the address and the keys of the localaws that runs. docs/app.md lists the settings.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping

from landing_zone.commands.local import LocalAws
from landing_zone.core.cli import parser
from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import ROOT

OWN_PYTHON = ROOT / ".app/bin/python"
# Where the app's packages are.
FOLDERS = (".", "workflow", "deployment-scripts")


def main(args: argparse.Namespace, environ: Mapping[str, str]) -> None:
    """Go on as Streamlit.

    Raises:
        OperatorError: localaws does not run, or .app is missing.
    """
    if not OWN_PYTHON.exists():
        raise OperatorError(
            f"{OWN_PYTHON} does not exist: run `make app`, which makes the environment"
        )
    environment = dict(environ) if args.aws else localaws_environment(environ)
    environment["PYTHONPATH"] = os.pathsep.join(str(ROOT / folder) for folder in FOLDERS)
    command = [str(OWN_PYTHON), "-m", "streamlit", "run", str(ROOT / "app/page.py")]
    if args.port:
        command += ["--server.port", str(args.port)]
    sys.stdout.flush()
    os.chdir(ROOT)
    os.execve(OWN_PYTHON, command, environment)  # noqa: S606 - Streamlit takes the place of this process


def localaws_environment(environ: Mapping[str, str]) -> dict[str, str]:
    localaws = LocalAws(environ)
    if not localaws.is_running:
        raise OperatorError(
            "localaws does not run, so there is no model. Start it with `make local USE_CASE=reviews`; "
            "for AWS, see docs/app.md"
        )
    return localaws.environment()


if __name__ == "__main__":
    arguments = parser("app", __doc__)
    arguments.add_argument(
        "--aws", action="store_true", help="not localaws, but what the environment names"
    )
    arguments.add_argument("--port", type=int, default=0, help="default: 8501")
    try:
        main(arguments.parse_args(), os.environ)
    except OperatorError as error:
        sys.exit(f"app: {error}")
